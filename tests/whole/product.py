"""The whole product as its owner starts it, and what tests do with it from outside."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
SHOP_FILE = ROOT / "bot" / "shop" / "demo" / "shop.toml"
READY_SECONDS, PATIENCE = 420.0, 60.0  # a start may have to train the model; anything else is quick
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
T = TypeVar("T")


def until(condition: Callable[[], T], what: object = "", *, seconds: float = PATIENCE) -> T:
    """The first truthy value of `condition`; connection errors while waiting count as 'not yet'."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except OSError:
            found = None  # type: ignore[assignment]
        if found:
            return found
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


def always_open(path: Path) -> Path:
    """The demo shop's profile with people at work at any hour, whenever the tests run."""
    text = re.sub(r"holidays = \[.*?\]", "holidays = []", SHOP_FILE.read_text(encoding="utf-8"), flags=re.S)
    before, _, rest = text.partition("[hours]\n")
    _, _, after = rest.partition("\n\n")
    hours = "".join(f'{day} = "00:00-23:59:59.999999"\n' for day in DAYS)
    path.write_text(f"{before}[hours]\n{hours}\n{after}", encoding="utf-8")
    return path


def http(
    method: str, url: str, body: Any = None, headers: dict[str, str] | None = None, timeout: float = 40
) -> tuple[int, Any]:
    """(status, JSON or text); refused calls too."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    request.method = method
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            status, raw = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read()
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw.decode("utf-8", "replace")


class Product:
    """`aisle up` with desk, brain and actions on ports of its own, in a home folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.port, self.brain_port, self.actions_port = free_ports(3)
        self.url = f"http://localhost:{self.port}"
        shop_file = always_open(home / "shop.toml")
        self.environment = os.environ | {
            "AISLE_HOME": str(home),
            "AISLE_PORT": str(self.port),
            "AISLE_BRAIN_URL": f"http://127.0.0.1:{self.brain_port}",
            "AISLE_ACTIONS_URL": f"http://127.0.0.1:{self.actions_port}",
            "AISLE_SHOP_FILE": str(shop_file),
            "AISLE_MESSAGES_PER_MINUTE": "100000",
        }
        for name in ("AISLE_SECRET_KEY", "AISLE_INTERNAL_SECRET", "AISLE_DATABASE_URL"):
            self.environment.pop(name, None)  # of whoever runs the tests: this install makes its own
        self.sign_ins: dict[str, dict[str, str]] = {}
        self._key = ""

    def start(self) -> dict[str, float]:
        """Start everything and wait until it answers; seconds until pages were served, and until the bot answered."""
        self._log = (self.home / "up.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "up", "--json"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        told: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._listen, args=(told,), daemon=True).start()
        seconds = {}
        deadline = time.monotonic() + READY_SECONDS
        while "answering" not in seconds:
            try:
                event = told.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                event = None
            assert event is not None, f"the product did not start: {self.log()[-3000:]}"
            seconds[event["event"]] = float(event["seconds"])
            for person in event.get("sign_ins", []):
                self.sign_ins.setdefault(person["role"], person)
        return seconds

    def _listen(self, told: "queue.Queue[dict[str, Any] | None]") -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told.put(json.loads(line))
        told.put(None)

    def log(self) -> str:
        return (self.home / "up.log").read_text(encoding="utf-8", errors="replace")

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._log.close()

    def parts(self) -> dict[str, int]:
        """Process ids of the running parts by name."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if parent != self.process.pid:
                continue
            for name, mark in (
                ("desk", "-m bot serve"),
                ("brain", "-m bot.nlu.host"),
                ("actions", "-m actions"),
            ):
                if mark in line or (name == "actions" and "rasa_sdk" in line):
                    found[name] = int(entry.name)
        return found

    def kill(self, name: str) -> int:
        """kill -9 one part; its process id."""
        pid = self.parts()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def answers(self, name: str) -> bool:
        """Whether a part answers at its own door, asked now: `/health` remembers for some seconds."""
        address = {
            "desk": f"{self.url}/api/chat/start",
            "actions": f"http://127.0.0.1:{self.actions_port}/health",
            "brain": f"http://127.0.0.1:{self.brain_port}/webhooks/desk/",
        }[name]
        try:
            return (
                http("POST" if name == "desk" else "GET", address, {} if name == "desk" else None)[0] == 200
            )
        except OSError:
            return False

    def health(self) -> dict[str, Any]:
        """What GET /health says."""
        found = http("GET", f"{self.url}/health")[1]
        assert isinstance(found, dict)
        return found

    def command(self, *arguments: str) -> str:
        """Standard output of `aisle …` on this install."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def shopper(self, name: str = "") -> "Shopper":
        """Somebody new who talks over the REST channel."""
        if not self._key:
            self._key = json.loads(self.command("key", "add", "whole", "--json"))["key"]
        return Shopper(self.url, self._key, name or f"shopper-{uuid.uuid4().hex[:10]}")


class Said(str):
    """What the bot answered to one message: its texts, with buttons and cards at hand."""

    replies: list[dict[str, Any]]

    def __new__(cls, replies: list[dict[str, Any]]) -> "Said":
        said = super().__new__(cls, "\n".join(str(reply.get("text") or "") for reply in replies))
        said.replies = replies
        return said

    @property
    def buttons(self) -> dict[str, str]:
        """Payload by title."""
        return {b["title"]: b["payload"] for reply in self.replies for b in reply.get("buttons", [])}

    def parts(self, kind: str) -> list[dict[str, Any]]:
        """Custom parts of one type."""
        found = [reply["custom"] for reply in self.replies if "custom" in reply]
        return [part for part in found if part.get("type") == kind]

    @property
    def products(self) -> list[dict[str, Any]]:
        return [item for part in self.parts("products") for item in part["items"]]

    @property
    def titles(self) -> list[str]:
        return [item["title"] for item in self.products]

    @property
    def order(self) -> str:
        """Number of the order shown, empty when none was."""
        return next((str(part["number"]) for part in self.parts("order")), "")


class Shopper:
    """Talks to the whole product over Rasa's REST channel shape."""

    def __init__(self, url: str, key: str, sender: str) -> None:
        self.url, self.key, self.sender = url, key, sender
        self.thread: list[str] = []

    def post(self, body: Any, *, timeout: float = 40) -> tuple[int, Any]:
        headers = {"X-Api-Key": self.key}
        return http("POST", f"{self.url}/webhooks/rest/webhook", body, headers, timeout)

    def say(self, text: str, **metadata: Any) -> Said:
        """Say it and hear the answer."""
        status, replies = self.post({"sender": self.sender, "message": text, "metadata": metadata})
        assert status == 200, replies
        said = Said(replies)
        self.thread += [f"> {text[:200]}", str(said)]
        return said

    def press(self, said: Said, title: str) -> Said:
        """Press a button of an answer."""
        return self.say(said.buttons[title])


class Visitor:
    """Talks through the web-chat API, as the chat on a shop's page does; keeps its token and cursor."""

    def __init__(self, url: str, *, language: str = "en") -> None:
        self.url = url
        status, started = http("POST", f"{url}/api/chat/start", {"locale": language})
        assert status == 200, started
        self.headers = {"Authorization": f"Bearer {started['token']}", "X-Locale": language}
        self.conversation_id = started["conversation"]["id"]

    def send(self, text: str, client_id: str = "") -> str:
        """Hand a message in, again and again until the desk has it (as the page's outbox does); its client id."""
        client_id = client_id or str(uuid.uuid4())
        body = {"client_id": client_id, "text": text}
        until(
            lambda: http("POST", f"{self.url}/api/chat/messages", body, self.headers)[0] in (200, 202),
            f"{text!r} to be taken",
        )
        return client_id

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        status, answer = http("GET", f"{self.url}/api/chat/events?after={after}", headers=self.headers)
        assert status == 200, answer
        return list(answer["events"])

    def thread(self) -> list[tuple[str, str]]:
        """(author, text) of everything said so far."""
        return [
            (e["message"]["author"], e["message"]["text"]) for e in self.events() if e["kind"] == "message"
        ]

    def hears(self, text: str, *, seconds: float = PATIENCE) -> list[tuple[str, str]]:
        """Wait until somebody but the shopper has said something with `text`."""

        def heard() -> list[tuple[str, str]]:
            found = self.thread()
            return found if any(text in said for who, said in found if who != "shopper") else []

        return until(heard, f"{text!r}", seconds=seconds)


class Agent:
    """Somebody of the shop, signed in by program."""

    def __init__(self, url: str, person: dict[str, str]) -> None:
        self.url = url
        jar = urllib.request.HTTPCookieProcessor()
        self._opener = urllib.request.build_opener(jar)
        signed = self.call("POST", "/api/sign-in", {"email": person["email"], "password": person["password"]})
        self._csrf = signed["csrf"]

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "X-CSRF-Token": getattr(self, "_csrf", "")}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with self._opener.open(request, timeout=40) as response:
            found = json.loads(response.read())
        assert isinstance(found, dict)
        return found

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        """As the inbox shows it: owner, reason, summary …"""
        found = self.call("GET", f"/api/inbox/conversations/{conversation_id}")["conversation"]
        assert isinstance(found, dict)
        return found
