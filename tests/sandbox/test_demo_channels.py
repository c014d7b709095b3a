"""`aisle demo channels`: one command brings up the product with all channels, and leaves no secret behind."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0


def call(method: str, url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def until(condition: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)
    return found


@pytest.mark.slow
def test_one_command_shows_all_channels_and_keeps_no_secret(tmp_path: Path) -> None:
    port, phones, brain, actions = free_ports(4)
    home = tmp_path / "home"
    others = {name: value for name, value in os.environ.items() if not name.startswith("AISLE_")}
    own = {
        "AISLE_HOME": str(home),
        "AISLE_PORT": str(port),
        "AISLE_BRAIN_URL": f"http://127.0.0.1:{brain}",
        "AISLE_ACTIONS_URL": f"http://127.0.0.1:{actions}",
        "AISLE_SLOW_NOTICE_SECONDS": "0.2",
    }
    command = [sys.executable, "-m", "bot", "demo", "channels", "--json", "--no-brain", "--port", str(phones)]
    with subprocess.Popen(
        command, cwd=ROOT, env=others | own, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            serving, answering = (json.loads(process.stdout.readline()) for _ in range(2))
            assert serving["pages"]["phones"] == f"http://127.0.0.1:{phones}"
            assert {person["role"] for person in serving["sign_ins"]} == {"agent", "manager", "admin"}
            assert answering["event"] == "answering"
            url = serving["pages"]["phones"]
            accounts = call("GET", f"{url}/sandbox/accounts")["accounts"]
            for number, account in enumerate(accounts):
                act = {
                    "account": account["key"],
                    "person": f"3706000000{number}",
                    "kind": "text",
                    "text": "hello",
                }
                call("POST", f"{url}/sandbox/act", act)

            def all_heard() -> bool:
                threads = call("GET", f"{url}/sandbox/threads")["threads"]
                return len(threads) == 4 and all(thread["accepted"] for thread in threads)

            until(all_heard, "a word of the shop on every channel")  # without a brain: that it takes longer
            texts = [
                path.read_text(errors="replace")
                for path in home.rglob("*")
                if path.suffix in (".env", ".log")
            ]
            assert not (home / "channels.env").exists()
            assert [text for text in texts if "EAAG" in text or ":AA" in text] == []
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    with pytest.raises(OSError, match="refused"):
        call("GET", f"http://127.0.0.1:{phones}/sandbox/health")
