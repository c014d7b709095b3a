"""The documents tell what the program does: every setting, dependency, link and make target."""

import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("item", fields(Settings), ids=lambda item: item.name)
def test_a_setting_is_documented_as_it_is(item: object) -> None:
    default = str(item.default)  # type: ignore[attr-defined]
    help_text = item.metadata["help"]  # type: ignore[attr-defined]
    name = item.name.upper()  # type: ignore[attr-defined]
    row = f"| `AISLE_{name}` | {f'`{default}`' if default else '—'} | {help_text} |"
    assert row in (ROOT / "docs" / "settings.md").read_text().splitlines()


def test_no_setting_is_documented_that_does_not_exist() -> None:
    table = (ROOT / "docs" / "settings.md").read_text().split("## Read by one part")[0]
    documented = set(re.findall(r"^\| `AISLE_(\w+)`", table, re.M))
    assert documented == {item.name.upper() for item in fields(Settings)}


def test_every_name_the_code_reads_from_the_environment_is_documented() -> None:
    sources = [path for part in ("bot", "actions", "connectors") for path in (ROOT / part).rglob("*.py")]
    read = {name for path in sources for name in re.findall(r"\bAISLE_[A-Z_]*[A-Z]\b", path.read_text())}
    documented = set(re.findall(r"AISLE_[A-Z_]*[A-Z]\b", (ROOT / "docs" / "settings.md").read_text()))
    assert read - documented == set()


def _dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    named += [
        line for line in (ROOT / "requirements" / "brain.in").read_text().splitlines() if line[:1].isalpha()
    ]
    return sorted({re.split(r"[\[<>=]", name)[0].strip() for name in named})


@pytest.mark.parametrize("name", _dependencies())
def test_each_dependency_has_its_reason(name: str) -> None:
    assert re.search(
        rf"^\| [^|]*\b{re.escape(name)}\b", (ROOT / "docs" / "dependencies.md").read_text(), re.M
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    own = [target for target in targets if "://" not in target]
    missing = [target for target in own if not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("target", ["run", "test", "check", "train", "bench", "clean"])
def test_make_has_the_targets_people_are_told_of(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


def test_locked_requirements_have_hashes_and_name_no_registry() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text, path.name
        packages = re.findall(r"^[a-z0-9][^\s#]*==", text, re.M)
        assert len(packages) >= (1 if path.stem == "encoder" else 11)  # one package, installed alone
        assert text.count("--hash=sha256:") >= len(packages)


def test_what_the_lock_holds_satisfies_what_the_project_asks_for() -> None:
    locked = "".join((ROOT / "requirements" / f"{name}.txt").read_text() for name in ("desk", "dev", "brain"))
    missing = [
        name for name in _dependencies() if not re.search(rf"^{re.escape(name)}(\[\w+\])?==", locked, re.M)
    ]
    assert missing == []


def _services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def test_containers_are_given_settings_that_exist() -> None:
    documented = set(re.findall(r"AISLE_[A-Z_]*[A-Z]\b", (ROOT / "docs" / "settings.md").read_text()))
    given = {name for service in _services().values() for name in service.get("environment", {})}
    assert {name for name in given if name.startswith("AISLE_")} - documented == set()


def test_only_the_desk_is_reachable_from_outside() -> None:
    services = _services()
    assert [name for name, service in services.items() if "ports" in service] == ["desk"]
    assert [name for name, service in services.items() if "outside" in service["networks"]] == ["desk"]


def test_containers_run_commands_that_exist() -> None:
    services = _services()
    assert services["desk"]["command"] == ["aisle", "serve"]
    module = services["actions"]["command"][1:]
    helped = subprocess.run(
        [sys.executable, *module, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert helped.returncode == 0, helped.stderr
    assert "--port" in helped.stdout
    stages = re.findall(r"^FROM \S+ AS (\w+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert {service["build"]["target"] for service in services.values() if "build" in service} == set(stages)
    for name in re.findall(r"^COPY (\S+) ", (ROOT / "Dockerfile").read_text(), re.M):
        assert (ROOT / name).exists(), name
