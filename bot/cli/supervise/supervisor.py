"""Starting all parts, the desk first, and keeping them up until told to stop."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.brain import train
from bot.brain.train import NotTrained
from bot.cli.supervise import parts
from bot.cli.supervise.parts import Beside, Part
from bot.cli.supervise.process import Say, Watched
from bot.core.processes import die_with_parent
from bot.core.settings import Settings


class Supervisor:
    """Runs the parts; calls `on_serving` once pages are served, `on_answering` once all parts are ready."""

    def __init__(
        self,
        settings: Settings,
        root: Path,
        *,
        names: Sequence[str],
        say: Say,
        forward: Say,
        on_serving: Callable[[float], None],
        on_answering: Callable[[float], None],
        beside: Beside | None = None,
    ) -> None:
        self._settings = settings
        self._root = root
        self._names = names
        self._say = say
        self._forward = forward
        self._on_serving = on_serving
        self._on_answering = on_answering
        self._beside = beside or Beside()
        self._stopping = asyncio.Event()
        self.watched: dict[str, Watched] = {}

    async def run(self) -> None:
        """Until SIGINT, SIGTERM or SIGHUP; then everything is stopped."""
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        starting = asyncio.create_task(self._start_all(started))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
            await stopping
        finally:
            for task in (starting, stopping):
                task.cancel()
            await asyncio.gather(starting, stopping, return_exceptions=True)
            await asyncio.gather(*(watched.stop() for watched in self.watched.values()))

    async def _start_all(self, started: float) -> None:
        for part in self._beside.parts:
            self._begin(part)
        if "desk" in self._names:
            self._begin(parts.desk(self._settings, self._root, more=self._beside.environment))
        if "actions" in self._names:
            self._begin(parts.actions(self._settings, self._root))
        if "desk" in self._names:
            await self.watched["desk"].is_ready.wait()
            self._on_serving(time.monotonic() - started)
        if "brain" in self._names:
            await self._begin_brain()
        for watched in self.watched.values():
            await watched.is_ready.wait()
        self._on_answering(time.monotonic() - started)

    async def _begin_brain(self) -> None:
        try:
            train.python(self._root)
            model = train.model_path(self._root)
            if not model.exists():
                self._say(
                    "train", "training the model; pages are served meanwhile, the bot answers afterwards"
                )
                await self._train()
                if not model.exists():  # edited while it was trained: the newest there is
                    model = train.newest(self._root) or model
            self._begin(parts.brain(self._settings, self._root, model))
        except NotTrained as error:
            self._say("train", f"{error}\nThe desk goes on without the bot: shoppers reach people.")
            await self._stopping.wait()

    async def _train(self) -> None:
        """`aisle train` as a child, so that stopping ends it at once."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "train"),
            cwd=self._root,
            env=parts.private(self._settings),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            async for line in process.stdout:
                self._say("train", line.decode("utf-8", "replace").rstrip())
            if await process.wait() != 0:
                raise NotTrained("The model could not be trained.")
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)

    def _begin(self, part: Part) -> None:
        watched = Watched(part, self._settings.home / "logs", say=self._say, forward=self._forward)
        self.watched[part.name] = watched
        watched.start()
