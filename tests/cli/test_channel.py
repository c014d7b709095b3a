"""`aisle channel`: what a shop owner sees and what is kept, against a stand-in for the platforms on loopback."""

import fcntl
import json
import os
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import connectors
from bot.cli.supervise import parts
from bot.core.channel_settings import merged
from bot.core.settings import Settings
from bot.sandbox.accounts import environment as environment_of
from bot.sandbox.accounts import generated
from bot.sandbox.serving import InThread
from bot.store.database import Database
from bot.store.tables import ChannelAccount, Message
from tests.cli.conftest import ROOT, Aisle


@pytest.fixture
def platforms() -> Iterator[InThread]:
    """The houses, with one account each."""
    running = InThread(generated()).start()
    yield running
    running.stop()


@pytest.fixture
def bot(platforms: InThread) -> Any:
    """The shop's Telegram bot as the platform knows it; its webhook is not set."""
    account = platforms.sandbox.world.account("telegram")
    account.secret_token = ""
    return account


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def state(database: Database, channel: str) -> tuple[str, str]:
    """How the channel's only account fares, as pages and the outbox see it."""
    with database.reading() as session:
        row = session.scalars(select(ChannelAccount).where(ChannelAccount.channel == channel)).one()
        return row.state, row.reason


def given(bot: Any, platforms: InThread) -> dict[str, str]:
    return {"AISLE_TELEGRAM_TOKEN": bot.token, "AISLE_TELEGRAM_API": platforms.url}


def test_channels_without_values_are_off_and_name_what_they_lack(aisle: Aisle) -> None:
    rows = json.loads(aisle("channel", "list", "--json").stdout)["channels"]
    assert [row["channel"] for row in rows] == [
        name for name in connectors.NAMES if name not in ("web", "rest")
    ]
    assert not any(row["is_on"] for row in rows)
    missing = {name for row in rows for name in row["missing"]}
    assert "AISLE_TELEGRAM_TOKEN" in missing
    said = aisle("channel", "list").stdout
    assert all(name in said for name in missing)
    assert "aisle channel add telegram" in said


def test_a_channel_is_added_without_anybody_at_the_keyboard(
    aisle: Aisle, platforms: InThread, bot: Any, home: Path, database: Database
) -> None:
    done = aisle("channel", "add", "telegram", "--json", **given(bot, platforms))
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ok"]
    assert [account["account"] for account in told["accounts"]] == [bot.id]
    assert told["webhook"].endswith("/webhooks/telegram")
    assert bot.webhook == told["webhook"], "the platform calls us"
    file = home / "channels.env"
    assert told["kept_in"] == str(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = merged(home, {})
    assert kept["AISLE_TELEGRAM_TOKEN"] == bot.token
    assert kept["AISLE_TELEGRAM_SECRET"] == bot.secret_token, "made by us, told to the platform"
    assert len(bot.secret_token) >= 32
    assert state(database, "telegram") == ("ok", "")

    (row,) = [
        row for row in json.loads(aisle("channel", "list", "--json").stdout)["channels"] if row["is_on"]
    ]
    assert (row["channel"], row["missing"]) == ("telegram", [])
    (account,) = row["accounts"]
    assert (account["account"], account["name"], account["state"]) == (bot.id, f"@{bot.username}", "ok")


def test_what_is_missing_is_asked_for_and_secrets_are_not_shown(
    aisle: Aisle, platforms: InThread, bot: Any, home: Path
) -> None:
    done = aisle("channel", "add", "telegram", "--set", f"API={platforms.url}", input=f" {bot.token} \n")
    assert done.exit_code == 0, done.stderr
    assert "@BotFather" in done.stderr, "it says where the token is found"
    assert bot.token not in done.stdout + done.stderr
    assert bot.secret_token not in done.stdout + done.stderr
    assert merged(home, {})["AISLE_TELEGRAM_TOKEN"] == bot.token
    assert "aisle up" in done.stdout
    again = aisle("channel", "add", "telegram")
    assert again.exit_code == 0, "what was kept is not asked for again"


@pytest.fixture
def page(platforms: InThread) -> Any:
    """The shop's Facebook Page as the platform knows it."""
    return platforms.sandbox.world.account("messenger")


def page_values(page: Any, platforms: InThread) -> dict[str, str]:
    return {
        "AISLE_MESSENGER_ACCOUNT": page.id,
        "AISLE_MESSENGER_TOKEN": page.token,
        "AISLE_MESSENGER_APP_ID": page.app_id,
        "AISLE_MESSENGER_APP_SECRET": page.app_secret,
        "AISLE_MESSENGER_API": platforms.url,
    }


def test_what_a_shop_says_in_each_of_its_languages_reaches_the_platform(
    aisle: Aisle, platforms: InThread, page: Any
) -> None:
    done = aisle("channel", "add", "messenger", "--json", **page_values(page, platforms))
    assert done.exit_code == 0, done.stderr
    greetings = {item["locale"]: item["text"] for item in page.profile["greeting"]}
    assert "Lumi" in greetings["default"]
    assert "robotas" in greetings["lt_LT"]
    assert "Kur mano užsakymas?" in json.dumps(page.profile["ice_breakers"], ensure_ascii=False)
    assert "starter:0" in json.dumps(page.profile["ice_breakers"])


def test_a_webhook_nobody_answers_yet_is_said_with_what_to_do_next(
    aisle: Aisle, platforms: InThread, page: Any, home: Path
) -> None:
    done = aisle(
        "channel", "add", "messenger", AISLE_PUBLIC_URL="http://127.0.0.1:9", **page_values(page, platforms)
    )
    assert done.exit_code == 0, "the credentials are good: they are kept"
    assert "! the webhook's address" in done.stdout
    assert "`aisle channel add messenger` again" in done.stdout
    assert "http://127.0.0.1:9/webhooks/messenger" in done.stdout
    verify_token = merged(home, {})["AISLE_MESSENGER_VERIFY_TOKEN"]
    assert verify_token in done.stdout, "it may have to be entered by hand"
    assert page.token not in done.stdout + done.stderr
    assert page.app_secret not in done.stdout + done.stderr


def test_what_a_channel_can_do_without_is_asked_for_once_and_may_be_left_out(
    aisle: Aisle, platforms: InThread, page: Any, home: Path
) -> None:
    values = page_values(page, platforms)
    app_id = values.pop("AISLE_MESSENGER_APP_ID")
    token = values.pop("AISLE_MESSENGER_TOKEN")
    first = aisle("channel", "add", "messenger", input=f"\n{token}\n", **values)
    assert first.exit_code == 0, first.stderr
    assert "APP_ID (Enter: without)" in first.stderr
    assert "AISLE_MESSENGER_APP_ID" not in merged(home, {})
    second = aisle("channel", "add", "messenger")
    assert second.exit_code == 0, second.stderr
    assert "APP_ID" not in second.stderr
    third = aisle("channel", "add", "messenger", "--again", input=f"{app_id}\n\n\n\n\n")
    assert third.exit_code == 0, third.stderr
    kept = merged(home, {})
    assert kept["AISLE_MESSENGER_APP_ID"] == app_id
    assert kept["AISLE_MESSENGER_TOKEN"] == token, "Enter keeps what was there"


def test_a_further_account_has_values_of_its_own(
    aisle: Aisle, platforms: InThread, page: Any, home: Path, database: Database
) -> None:
    assert aisle("channel", "add", "messenger", "--json", **page_values(page, platforms)).exit_code == 0
    done = aisle(
        "channel", "add", "messenger", "--account", "2077", "--keep", "--json", "--set", "TOKEN=other"
    )
    assert [account["account"] for account in json.loads(done.stdout)["accounts"]] == ["2077"]
    kept = merged(home, {})
    assert kept["AISLE_MESSENGER_TOKEN__2077"] == "other"
    assert kept["AISLE_MESSENGER_TOKEN"] == page.token
    with database.reading() as session:
        states = {row.account: row.state for row in session.scalars(select(ChannelAccount))}
    assert states == {page.id: "warning", "2077": "broken"}, "nobody answers the webhook of this test"
    refused = aisle("channel", "add", "telegram", "--account", "1")
    assert "one account" in refused.stderr


def test_a_token_the_platform_refuses_is_said_in_words_and_nothing_is_kept(
    aisle: Aisle, platforms: InThread, bot: Any, home: Path, database: Database
) -> None:
    wrong = given(bot, platforms) | {"AISLE_TELEGRAM_TOKEN": f"{bot.id}:mistyped"}
    done = aisle("channel", "add", "telegram", **wrong)
    assert done.exit_code == 1
    assert "✗ The token does not work" in done.stdout
    assert "@BotFather" in done.stdout, "what to do about it"
    assert "Nothing was kept" in done.stderr
    assert "mistyped" not in done.stdout + done.stderr
    assert not (home / "channels.env").exists()
    assert bot.webhook == ""
    with database.reading() as session:
        assert session.scalars(select(ChannelAccount)).all() == []

    assert aisle("channel", "add", "telegram", "--keep", **wrong).exit_code == 1
    assert merged(home, {})["AISLE_TELEGRAM_TOKEN"] == f"{bot.id}:mistyped"
    assert state(database, "telegram")[0] == "broken"


def test_a_check_tells_when_a_token_dies_and_when_it_is_mended(
    aisle: Aisle, platforms: InThread, bot: Any, database: Database
) -> None:
    assert aisle("channel", "add", "telegram", **given(bot, platforms)).exit_code == 0
    assert aisle("channel", "check", "--json").exit_code == 0
    platforms.call(lambda sandbox: sandbox.faults("telegram", dead_token="revoked"))
    done = aisle("channel", "check", "telegram", "--json")
    assert done.exit_code == 1
    (account,) = json.loads(done.stdout)["accounts"]
    assert (account["state"], account["findings"][0]["state"]) == ("broken", "broken")
    found = state(database, "telegram")
    assert found[0] == "broken"
    assert "token" in found[1]
    platforms.call(lambda sandbox: sandbox.faults("telegram", dead_token=""))
    assert aisle("channel", "check").exit_code == 0
    assert state(database, "telegram") == ("ok", "")


def test_a_check_says_when_no_desk_listens_there(aisle: Aisle, platforms: InThread, bot: Any) -> None:
    assert aisle("channel", "add", "telegram", **given(bot, platforms)).exit_code == 0
    done = aisle("channel", "check", "telegram", AISLE_PUBLIC_URL="http://127.0.0.1:9")
    assert "! desk: http://127.0.0.1:9/webhooks/telegram does not answer" in done.stdout
    assert "aisle up" in done.stdout


def test_a_platform_on_the_internet_is_not_given_an_address_it_would_not_call(
    aisle: Aisle, home: Path
) -> None:
    done = aisle("channel", "add", "telegram", "--json", "--set", "TOKEN=12345:abc")
    assert done.exit_code == 1
    assert "https://" in done.stderr
    assert "AISLE_PUBLIC_URL" in done.stderr
    assert not (home / "channels.env").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "telegram", "--json"), "AISLE_TELEGRAM_TOKEN is missing"),
        (("add", "telegram"), "AISLE_TELEGRAM_TOKEN is missing"),
        (("add", "pigeon"), "There is no channel 'pigeon'"),
        (("add", "telegram", "--set", "TOKEM=1"), "--set TOKEM"),
        (("add", "telegram", "--set", "TOKEN=12345:a\nAISLE_SECRET_KEY=x"), "line ends"),
        (
            ("add", "telegram", "--json", "--set", "TOKEN=no token", "--set", "API=http://localhost:9"),
            "TOKEN",
        ),
        (("check", "telegram"), "telegram is off"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    aisle: Aisle, home: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = aisle("channel", *arguments)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (home / "channels.env").exists()


def test_a_check_without_any_channel_is_well_and_says_so(aisle: Aisle) -> None:
    done = aisle("channel", "check")
    assert done.exit_code == 0
    assert "No channel is on" in done.stdout


def test_other_lines_of_the_file_stay_and_the_environment_wins(
    aisle: Aisle, platforms: InThread, bot: Any, home: Path
) -> None:
    home.mkdir()
    (home / "channels.env").write_text("# mine\nAISLE_OTHER_TOKEN = kept \nAISLE_TELEGRAM_TOKEN=old\n")
    assert aisle("channel", "add", "telegram", **given(bot, platforms)).exit_code == 0
    text = (home / "channels.env").read_text()
    assert text.startswith("# mine\nAISLE_OTHER_TOKEN = kept \n")
    assert text.count("AISLE_TELEGRAM_TOKEN=") == 1
    assert merged(home, {})["AISLE_OTHER_TOKEN"] == "kept"
    assert merged(home, {"AISLE_OTHER_TOKEN": "theirs"})["AISLE_OTHER_TOKEN"] == "theirs"
    assert merged(home, {"AISLE_OTHER_TOKEN": ""})["AISLE_OTHER_TOKEN"] == "kept", "empty is not set"


def test_a_running_desk_must_be_restarted_and_it_is_said(
    aisle: Aisle, platforms: InThread, bot: Any, home: Path
) -> None:
    home.mkdir()
    with (home / "up.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = aisle("channel", "add", "telegram", **given(bot, platforms))
    assert "Restart the desk" in done.stdout
    told = json.loads(aisle("channel", "add", "telegram", "--json").stdout)
    assert told["desk"] == "silent", "it has stopped"


def doctor(aisle: Aisle, **environment: str) -> dict[str, dict[str, str]]:
    """What `aisle doctor` finds, by name."""
    checks = json.loads(aisle("doctor", "--json", **environment).stdout)["checks"]
    return {check["name"]: check for check in checks}


def test_the_doctor_knows_the_channels(aisle: Aisle, platforms: InThread, bot: Any, home: Path) -> None:
    found = doctor(aisle)
    assert found["channels off"]["found"] == "messenger, instagram, whatsapp, telegram"
    half = doctor(aisle, AISLE_MESSENGER_TOKEN="x")["channel messenger"]
    assert half["state"] == "warning"
    assert "AISLE_MESSENGER_APP_SECRET" in half["found"]
    assert half["mend"] == "aisle channel add messenger"
    assert aisle("channel", "add", "telegram", **given(bot, platforms)).exit_code == 0
    found = doctor(aisle)
    assert (found["channel telegram"]["state"], found["channel telegram"]["found"]) == (
        "ok",
        "on; accounts: 1 ok",
    )
    assert "permissions" not in found
    far = doctor(aisle, AISLE_TELEGRAM_API="https://api.telegram.org")["channel telegram"]
    assert (far["state"], "AISLE_PUBLIC_URL" in far["found"]) == ("warning", True)
    platforms.call(lambda sandbox: sandbox.faults("telegram", dead_token="revoked"))
    aisle("channel", "check")
    assert doctor(aisle)["channel telegram"]["mend"] == "aisle channel check telegram"
    (home / "channels.env").chmod(0o640)
    assert doctor(aisle)["permissions"]["state"] == "bad"


def in_time(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.1)


@pytest.fixture
def serving(install: dict[str, str], free_port: int) -> Iterator[Callable[[], str]]:
    """Starts `aisle serve` with nothing but the install; the answer is its address."""
    url = f"http://127.0.0.1:{free_port}"
    secrets = {"AISLE_SECRET_KEY": "s" * 40, "AISLE_INTERNAL_SECRET": "i" * 40}
    install |= {"AISLE_PORT": str(free_port), "AISLE_PUBLIC_URL": url}
    others = {name: value for name, value in os.environ.items() if not name.startswith("AISLE_")}
    started: list[subprocess.Popen[bytes]] = []

    def start() -> str:
        command = [sys.executable, "-m", "bot", "serve"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=others | secrets | install))
        in_time(lambda: answers(f"{url}/health"), "the desk serves")
        return url

    yield start
    for process in started:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_from_nothing_to_a_message_in_the_inbox_on_every_channel(
    aisle: Aisle, platforms: InThread, serving: Callable[[], str], database: Database
) -> None:
    world = platforms.sandbox.world
    values = environment_of(list(world.accounts.values()), platforms.url)
    names = [account.channel for account in world.accounts.values()]
    assert sorted(names) == sorted(name for name in connectors.NAMES if name not in ("web", "rest"))
    for name in names:
        own = {key: value for key, value in values.items() if key.startswith(f"AISLE_{name.upper()}_")}
        added = aisle("channel", "add", name, **own)
        assert added.exit_code == 0, added.stdout
        assert "Start the desk" in added.stdout
    url = serving()
    for name in names:
        told = json.loads(aisle("channel", "add", name, "--json").stdout)
        assert (told["ok"], told["desk"]) == (True, "ready")
    assert world.account("messenger").webhook == f"{url}/webhooks/messenger"
    assert world.account("telegram").webhook == f"{url}/webhooks/telegram"
    for name in ("instagram", "whatsapp"):  # as somebody enters it in the dashboard
        world.account(name).webhook = f"{url}/webhooks/{name}"
    assert aisle("channel", "check").stdout.count("✓ desk") == len(names)
    for name in names:
        platforms.call(lambda sandbox, name=name: sandbox.meet(name, "4901"))
        platforms.call(lambda sandbox, name=name: sandbox.say(name, "4901", f"hello from {name}"))

    def heard() -> bool:
        with database.reading() as session:
            found = session.execute(select(Message.channel, Message.text).where(Message.direction == "in"))
            return {tuple(row) for row in found} == {(name, f"hello from {name}") for name in names}

    in_time(heard, "all four messages are stored")


def test_brain_and_actions_are_not_given_what_the_channels_are(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AISLE_TELEGRAM_TOKEN", "12345:secret")
    monkeypatch.setenv("AISLE_LOG_LEVEL", "debug")
    monkeypatch.setenv("AISLE_BRAIN_ENV", str(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    for part in (parts.actions(settings, tmp_path), parts.brain(settings, tmp_path, tmp_path / "model")):
        assert "AISLE_TELEGRAM_TOKEN" not in part.environment
        assert part.environment["AISLE_LOG_LEVEL"] == "debug"
    assert parts.desk(settings, tmp_path).environment["AISLE_TELEGRAM_TOKEN"] == "12345:secret"
