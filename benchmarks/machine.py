"""What the figures were measured on: processor, memory, versions; and memory of processes from /proc."""

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.tables import Table

ROOT = Path(__file__).resolve().parent.parent
DESK_PACKAGES = ("sanic", "SQLAlchemy", "aiohttp", "rasa-sdk", "msgspec")
BRAIN_PACKAGES = ("rasa", "tensorflow", "scikit-learn", "numpy", "spacy")


def brain_python() -> Path:
    """The interpreter of the brain's environment (AISLE_BRAIN_ENV, else `.venv-brain`)."""
    return Path(os.environ.get("AISLE_BRAIN_ENV") or ROOT / ".venv-brain") / "bin" / "python"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"


def _brain_versions() -> str:
    code = (
        "import sys; from importlib.metadata import version; "
        f"print('Python', sys.version.split()[0], *[f'· {{n}} {{version(n)}}' for n in {BRAIN_PACKAGES!r}])"
    )
    done = subprocess.run([brain_python(), "-c", code], capture_output=True, text=True, timeout=60)
    return done.stdout.strip() or "not installed"


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    return done.stdout.strip() or "unknown"


def describe() -> Table:
    """The machine, the versions and the time, as a table."""
    desk = " · ".join(f"{name} {version(name)}" for name in DESK_PACKAGES)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    rows = (
        ("date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("commit", _commit()),
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", _memory()),
        ("system", f"{platform.system()} {platform.release()}"),
        (
            "desk and actions",
            f"Python {platform.python_version()} · {desk} · SQLite {sqlite3.sqlite_version}",
        ),
        ("brain", _brain_versions()),
        ("load before (1, 5, 15 min)", load),
    )
    return Table("Machine", ("", "value"), rows)


def children(pid: int) -> list[int]:
    """`pid` and all processes below it that run now."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        queue += parents.get(one, [])
    return found


def command_of(pid: int) -> str:
    """The command line of a process, empty when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def memory(pid: int) -> tuple[int, int]:
    """(RSS, PSS) of one process in bytes; PSS shares pages among those who use them. (0, 0) when it has gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0, 0
    found = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB", text, re.M))
    return int(found.get("Rss", 0)) * 1024, int(found.get("Pss", 0)) * 1024


def processor_seconds_of(processes: dict[str, list[int]]) -> dict[str, float]:
    """User and system time of each part of a system so far."""
    return {part: sum(processor_seconds(pid) for pid in pids) for part, pids in processes.items()}


def processor_seconds(pid: int) -> float:
    """User and system time a process has used so far; 0 when it has gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
