"""`make test`: every suite in order, each with the environment it needs, and one tally on the last line.

python tests/run.py [check] [desk] [brain] [browser] [whole] [speed]

Without names all but `speed`, and that too with AISLE_MEASURE=1 (CI).
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "ci-output"
PYTHON = [sys.executable]
BRAIN = ROOT / ".venv-brain" / "bin"
NO_SKIPS = os.environ.get("AISLE_NO_SKIPS") == "1"
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
    "AISLE_INTERNAL_SECRET": os.environ.get("AISLE_INTERNAL_SECRET") or "tests-" + "x" * 40,
}


@dataclass
class Tally:
    """Counts over all suites."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


def step(tally: Tally, name: str, command: list[str], **environment: str) -> bool:
    """Run one command that passes or fails as a whole."""
    started = time.monotonic()
    print(f"\n=== {name}: {' '.join(command)}", flush=True)
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False)
    is_good = done.returncode == 0
    print(
        f"=== {name}: {'passed' if is_good else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True
    )
    if is_good:
        tally.passed += 1
    else:
        tally.failed += 1
    return is_good


def pytest(tally: Tally, name: str, python: list[str], arguments: list[str], **environment: str) -> None:
    """Run pytest and add up its tests; a suite that does not run at all counts as one failure."""
    report = OUT / f"{name}.xml"
    report.unlink(missing_ok=True)
    started = time.monotonic()
    command = [*python, "-m", "pytest", "-q", f"--junit-xml={report}", *arguments]
    print(f"\n=== {name}: {' '.join(command)}", flush=True)
    code = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode
    print(f"=== {name}: exit code {code} in {time.monotonic() - started:.0f} s", flush=True)
    if not report.exists():
        tally.failed += 1
        return
    suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314 - pytest wrote it
    total, failures, errors, skipped = (
        int(suite.get(key, "0")) if suite is not None else 0
        for key in ("tests", "failures", "errors", "skipped")
    )
    bad = failures + errors
    tally.passed += max(0, total - bad - skipped)
    tally.skipped += skipped
    tally.failed += bad if bad or code == 0 else 1


def check(tally: Tally) -> None:
    """Format, lint, types, import contracts."""
    step(tally, "check", ["make", "check"])


def desk(tally: Tally) -> None:
    """Everything that needs neither Rasa nor a browser, on every database there is."""
    elsewhere = [f"--ignore=tests/{name}" for name in ("nlu", "browser", "conversations", "brain", "whole")]
    pytest(tally, "desk", PYTHON, ["-n", "2", "--dist", "loadfile", "tests", *elsewhere])


def brain(tally: Tally) -> None:
    """Training data without a warning, a trained model, every conversation story, the components' own tests."""
    domain = "domain" if (ROOT / "domain").is_dir() else "domain.yml"
    rasa = str(BRAIN / "rasa")
    validate = [rasa, "data", "validate", "--fail-on-warnings", "--domain", domain, "--data", "data"]
    step(tally, "validate", validate, **QUIET)
    if step(tally, "train", [*PYTHON, "-m", "bot", "train"], **QUIET):
        from bot.brain.train import model_path

        command = [rasa, "test", "core", "--model", str(model_path(ROOT)), "--stories", "tests/conversations"]
        command += ["--out", str(OUT / "conversations"), "--fail-on-prediction-errors"]
        step(tally, "conversations", command, **QUIET)
    # --confcutdir: tests/conftest.py needs the desk's packages.
    inside = ["--confcutdir=tests/nlu", "-p", "no:cacheprovider", "tests/nlu"]
    pytest(tally, "nlu", [str(BRAIN / "python")], inside, **QUIET)
    if (ROOT / "tests" / "brain").is_dir():
        pytest(tally, "brain", PYTHON, ["tests/brain"], **QUIET)


def browser(tally: Tally) -> None:
    """What people do, in Chromium."""
    pytest(tally, "browser", PYTHON, ["tests/browser"], AISLE_SCREENSHOTS=str(OUT / "screenshots"))


def whole(tally: Tally) -> None:
    """The product as its owner starts it: every process, real conversations, and the walk of three people."""
    pytest(tally, "whole", PYTHON, ["tests/whole"], AISLE_CI_OUTPUT=str(OUT))


def speed(tally: Tally) -> None:
    """A short measurement, to be looked at: it fails on what is wrong, however slow the machine is."""
    step(tally, "speed", [*PYTHON, "-m", "benchmarks", "--short", "--out", str(OUT / "benchmarks.md")])


SUITES = {"check": check, "desk": desk, "brain": brain, "browser": browser, "whole": whole, "speed": speed}


def main() -> int:
    """Run the suites named, or all."""
    names = sys.argv[1:] or [
        name for name in SUITES if name != "speed" or os.environ.get("AISLE_MEASURE") == "1"
    ]
    (OUT / "screenshots").mkdir(parents=True, exist_ok=True)
    tally = Tally()
    started = time.monotonic()
    for name in names:
        SUITES[name](tally)
    if NO_SKIPS and tally.skipped:
        print(f"\n{tally.skipped} tests were skipped, and nothing may be skipped here")
        tally.failed += tally.skipped
        tally.skipped = 0
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"\nall suites in {time.monotonic() - started:.0f} s; reports in {OUT.name}/")
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
