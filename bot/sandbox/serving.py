"""A stand-in really running on loopback, for tests and for programs: in this loop, or in a thread of its own."""

import asyncio
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bot.sandbox import acts, control
from bot.sandbox.accounts import Account
from bot.sandbox.app import create_app
from bot.sandbox.hooks import Hooks
from bot.sandbox.world import Entry, Person, Thread, World

T = TypeVar("T")
PATIENCE_SECONDS = 15.0


class Sandbox:
    """A running stand-in: `url` is where it answers; `world` what it knows."""

    def __init__(self, world: World, hooks: Hooks, url: str) -> None:
        self.world, self.hooks, self.url = world, hooks, url

    def meet(self, account: str, person: str, **about: Any) -> Thread:
        """Somebody with a thread who has not written yet."""
        return self.world.meet(self.world.account(account), Person(person, **about))

    def act(self, account: str, person: str, kind: str, **fields: Any) -> Entry:
        """What a shopper does (kinds: `acts.ACTS`)."""
        return acts.perform(self.world, account, person, kind, fields)

    def say(self, account: str, person: str, text: str) -> Entry:
        """Write as a shopper."""
        return self.act(account, person, "text", text=text)

    def tap(self, account: str, person: str, title: str, *, payload: str = "") -> Entry:
        """Tap what the newest message offers under this title."""
        return acts.tap(self.world, account, person, title, payload=payload)

    def faults(self, account: str, **values: Any) -> None:
        """Change the faults of an account (`*`: of all)."""
        control.set_faults(self.world, {"account": account, **values})

    def wait(self, account: str, person: str, seconds: float) -> None:
        """Let time pass for one person's window."""
        self.world.let_pass(self.thread(account, person), seconds)

    def thread(self, account: str, person: str) -> Thread:
        return acts.thread_of(self.world, account, person)

    def accepted(self, account: str, person: str) -> list[Entry]:
        """What the platform took from the product, in order."""
        return [e for e in self.thread(account, person).entries if e.side == "shop" and e.kind != "comment"]

    async def until_accepted(self, account: str, person: str, count: int) -> list[Entry]:
        """Wait for that many.

        Raises:
            TimeoutError: they did not come.
        """
        queue = self.world.listen()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(self.accepted(account, person)) < count:
                    await queue.get()
        finally:
            self.world.unlisten(queue)
        return self.accepted(account, person)


@asynccontextmanager
async def running(
    accounts: Iterable[Account], *, port: int = 0, seed: str = "", pauses: tuple[float, ...] | None = None
) -> AsyncIterator[Sandbox]:
    """A stand-in on `port` (0: a free one), stopped at the end of the block."""
    world = World(accounts, seed=seed)
    hooks = Hooks(world, pauses=pauses) if pauses is not None else Hooks(world)
    app = create_app(world, name=f"sandbox_{uuid.uuid4().hex}", hooks=hooks)
    listening = socket.create_server(("127.0.0.1", port))
    server: Any = await app.create_server(
        sock=listening, return_asyncio_server=True, asyncio_server_kwargs={"start_serving": False}
    )
    await server.startup()
    await server.before_start()
    await server.start_serving()
    try:
        yield Sandbox(world, hooks, f"http://127.0.0.1:{listening.getsockname()[1]}")
    finally:
        server.close()
        await server.before_stop()
        await server.after_stop()


class InThread:
    """The same in a thread, for callers without a loop; `call` runs a function of the sandbox in its loop."""

    def __init__(self, accounts: Iterable[Account], *, port: int = 0, **options: Any) -> None:
        self._arguments: Mapping[str, Any] = {"port": port, **options}
        self._accounts = list(accounts)
        self._ready: Future[Sandbox] = Future()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "InThread":
        self._thread.start()
        self.sandbox = self._ready.result(PATIENCE_SECONDS)
        self.url = self.sandbox.url
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_SECONDS)

    def call(self, function: Callable[[Sandbox], T]) -> T:
        async def run() -> T:
            return function(self.sandbox)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_SECONDS)

    def _run(self) -> None:
        self._loop.run_until_complete(self._main())

    async def _main(self) -> None:
        try:
            async with running(self._accounts, **self._arguments) as sandbox:
                self._ready.set_result(sandbox)
                await self._stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise
