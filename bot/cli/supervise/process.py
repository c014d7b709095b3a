"""One watched process: started, asked for its health, restarted with back-off when it dies, and stopped."""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from urllib.parse import urlsplit

from bot.cli.supervise.parts import Part
from bot.core.processes import die_with_parent

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
STEADY_SECONDS = 10.0  # after answering this long, the back-off starts afresh
ASK_SECONDS, ANSWER_SECONDS, DEAF_SECONDS = 5.0, 4.0, 45.0
LOG_BYTES, LOG_FILES = 5_000_000, 5

Say = Callable[[str, str], None]  # (part, line)


class Watched:
    """Keeps one part running until `stop`."""

    def __init__(
        self, part: Part, logs: Path, *, say: Say, forward: Say, steady_seconds: float = STEADY_SECONDS
    ) -> None:
        self.part = part
        self._steady_seconds = steady_seconds
        self._ready_at: float | None = None  # of this run, on the monotonic clock
        self.restarts = 0
        self.is_ready = asyncio.Event()
        self._say = say
        self._forward = forward
        self._log = _log_file(part.name, logs)
        self._last_lines: deque[str] = deque(maxlen=12)
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    def start(self) -> None:
        """Begin; returns at once."""
        self._task = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """Ask it to end, and make it end when it does not."""
        self._is_stopping = True
        await self._end()
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for handler in self._log.handlers:
            handler.close()

    async def _keep_running(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._is_stopping:
            self._ready_at = None
            code = await self._run_once()
            self.is_ready.clear()
            if self._is_stopping:
                return
            if self._ready_at is not None and time.monotonic() - self._ready_at > self._steady_seconds:
                pause = FIRST_PAUSE_SECONDS
            self._say(self.part.name, f"ended ({_reason(code)}); starting again in {pause:g} s")
            for line in self._last_lines:
                self._say(self.part.name, f"  {line}")
            self._last_lines.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            self.restarts += 1

    async def _run_once(self) -> int:
        self._log.info("--- starting: %s", " ".join(self.part.command))
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.part.command,
                cwd=self.part.folder,
                env=self.part.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=1 << 20,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which then stops all in order
                preexec_fn=die_with_parent(),
            )
        except OSError as error:
            self._last_lines.append(str(error))
            return 127
        reading = asyncio.create_task(self._read())
        asking = asyncio.create_task(self._watch_health())
        try:
            code = await self._process.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(reading), 1)
        finally:
            for task in (asking, reading):
                task.cancel()
            await asyncio.gather(asking, reading, return_exceptions=True)
        return code

    async def _read(self) -> None:
        assert self._process is not None  # noqa: S101 - called after the start
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        while True:
            try:
                raw = await self._process.stdout.readline()
            except ValueError:  # a line over the limit: its rest follows
                continue
            if not raw:
                return
            line = raw.decode("utf-8", "replace").rstrip()
            if line:
                self._last_lines.append(line)
                self._log.info("%s", line)
                self._forward(self.part.name, line)

    async def _watch_health(self) -> None:
        started = heard = time.monotonic()
        while True:
            at = time.monotonic()
            if await _answers(self.part.health):
                heard = at
                self._ready_at = self._ready_at or at
                self.is_ready.set()
            elif not self.is_ready.is_set() and at - started > self.part.start_seconds:
                self._say(self.part.name, f"is not up after {self.part.start_seconds:g} s")
                await self._end()
            elif self.is_ready.is_set() and at - heard > DEAF_SECONDS:
                self._say(self.part.name, f"has not answered for {DEAF_SECONDS:g} s")
                await self._end()
            await asyncio.sleep(ASK_SECONDS if self.is_ready.is_set() else 0.1)

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        for number, seconds in ((signal.SIGTERM, self.part.stop_seconds), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(process.wait()), seconds)
                return


async def _answers(url: str) -> bool:
    """One GET by hand: an HTTP library would make every start a second slower."""
    address = urlsplit(url)
    ask = f"GET {address.path or '/'} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                writer.write(ask.encode())
                line = await reader.readline()
            finally:
                writer.close()
    except (TimeoutError, OSError):
        return False
    return line.split(b" ")[1:2] in ([b"200"], [b"503"])  # 503: up, and saying that another part is not


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _log_file(name: str, folder: Path) -> logging.Logger:
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        folder / f"{name}.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.Logger(f"aisle.part.{name}")  # outside the tree: these lines are not ours
    logger.addHandler(handler)
    return logger
