"""A watched part is started again when it dies, and ends when the supervisor does."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from bot.cli.supervise.process import Watched
from tests.cli.parts import tiny


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def _until(condition: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.05)


def _watched(part: object, folder: Path, **options: float) -> tuple[Watched, list[str]]:
    said: list[str] = []
    watched = Watched(
        part,  # type: ignore[arg-type]
        folder / "logs",
        say=lambda _name, line: said.append(line),
        forward=lambda _name, _line: None,
        **options,
    )
    return watched, said


async def test_a_part_that_is_killed_is_started_again(tmp_path: Path, free_port: int) -> None:
    watched, said = _watched(tiny(tmp_path, free_port), tmp_path)
    watched.start()
    await asyncio.wait_for(watched.is_ready.wait(), 10)
    first = watched.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await _until(lambda: watched.pid not in (None, first))
    await asyncio.wait_for(watched.is_ready.wait(), 10)
    assert watched.restarts == 1
    assert "SIGKILL" in said[0]
    await watched.stop()


async def test_a_part_that_cannot_start_is_tried_again_ever_more_slowly(
    tmp_path: Path, free_port: int
) -> None:
    watched, said = _watched(tiny(tmp_path, free_port, "broken"), tmp_path)
    watched.start()
    await _until(lambda: watched.restarts >= 2)
    await watched.stop()
    pauses = [line for line in said if "starting again" in line]
    assert "in 0.5 s" in pauses[0]
    assert "in 1 s" in pauses[1]
    assert "exit code 3" in pauses[0]
    assert "  cannot find my hat" in said, "what it said last is shown"


async def test_a_part_that_had_worked_for_a_while_is_back_at_once_however_often_it_dies(
    tmp_path: Path, free_port: int
) -> None:
    watched, said = _watched(tiny(tmp_path, free_port), tmp_path, steady_seconds=0.2)
    watched.start()
    for death in range(3):
        await _until(lambda: watched.is_ready.is_set())
        await asyncio.sleep(0.5)
        assert watched.pid is not None
        os.kill(watched.pid, signal.SIGKILL)
        await _until(lambda count=death: watched.restarts > count)
    await watched.stop()
    assert [line.split()[-2] for line in said if "starting again" in line] == ["0.5"] * 3


async def test_stopping_ends_the_part(tmp_path: Path, free_port: int) -> None:
    watched, _said = _watched(tiny(tmp_path, free_port), tmp_path)
    watched.start()
    await asyncio.wait_for(watched.is_ready.wait(), 10)
    pid = watched.pid
    await watched.stop()
    assert pid is not None
    assert not _is_alive(pid)


async def test_a_part_that_ignores_the_request_to_end_is_killed(tmp_path: Path, free_port: int) -> None:
    watched, _said = _watched(tiny(tmp_path, free_port, "stubborn", stop_seconds=0.5), tmp_path)
    watched.start()
    await asyncio.wait_for(watched.is_ready.wait(), 10)
    pid = watched.pid
    await asyncio.wait_for(watched.stop(), 8)
    assert pid is not None
    assert not _is_alive(pid)


async def test_what_a_part_writes_is_kept_in_its_log(tmp_path: Path, free_port: int) -> None:
    watched, _said = _watched(tiny(tmp_path, free_port), tmp_path)
    watched.start()
    await asyncio.wait_for(watched.is_ready.wait(), 10)
    await watched.stop()
    assert "hello from the part" in (tmp_path / "logs" / "tiny.log").read_text()


async def test_parts_die_with_a_supervisor_that_is_killed(tmp_path: Path, free_port: int) -> None:
    program = f"""
import asyncio, pathlib
from bot.cli.supervise.process import Watched
from tests.cli.parts import tiny
async def main():
    watched = Watched(tiny(pathlib.Path({str(tmp_path)!r}), {free_port}), pathlib.Path({str(tmp_path)!r}) / "logs",
                      say=lambda *a: None, forward=lambda *a: None)
    watched.start()
    await watched.is_ready.wait()
    print(watched.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert supervisor.stdout is not None
    pid = int(await supervisor.stdout.readline())
    assert _is_alive(pid)
    supervisor.kill()
    await supervisor.wait()
    await _until(lambda: not _is_alive(pid), 5)
