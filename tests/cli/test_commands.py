"""Small commands: what they do, what they say, and how they fail."""

import csv
import io
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bot.cli import COMMANDS, group
from bot.desk.people import key_of, sign_in
from bot.store.database import Database
from bot.store.tables import Contact, Conversation, Fact, Message
from tests.cli.conftest import ROOT, Aisle


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(group, [*command, "--help"], prog_name="aisle")
    assert done.exit_code == 0
    assert "Usage: aisle" in done.stdout


def test_the_program_starts_as_a_module_and_fails_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "AISLE_HOME": str(tmp_path), "AISLE_PORT": "eighty"},
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "aisle: AISLE_PORT must be int, not 'eighty'\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_operators_page(command: str) -> None:
    assert f"`aisle {command}" in (ROOT / "docs" / "operations.md").read_text()


def test_a_user_added_can_sign_in(aisle: Aisle, database: Database) -> None:
    done = aisle("user", "add", "Rita@Shop.test", "--name", "Rita", "--role", "manager", "--json")
    made = json.loads(done.stdout)
    with database.writing() as session:
        _token, person = sign_in(session, email="rita@shop.test", password=made["password"], address="::1")
    assert (person.name, person.role) == ("Rita", "manager")


def test_a_user_is_not_added_twice_and_the_words_say_so(aisle: Aisle) -> None:
    aisle("user", "add", "rita@shop.test", "--password", "-")
    again = aisle("user", "add", "rita@shop.test", "--password", "-")
    assert again.exit_code == 1
    assert "already a user" in again.stderr


def test_a_new_password_ends_the_old_one(aisle: Aisle, database: Database) -> None:
    aisle("user", "add", "rita@shop.test", "--password", "long and boring 1")
    assert aisle("user", "password", "rita@shop.test", "--password", "long and boring 2").exit_code == 0
    with database.writing() as session:
        sign_in(session, email="rita@shop.test", password="long and boring 2", address="::1")


def test_a_key_added_opens_the_door(aisle: Aisle, database: Database) -> None:
    key = json.loads(aisle("key", "add", "my tool", "--json").stdout)["key"]
    with database.reading() as session:
        found = key_of(session, key)
    assert found is not None
    assert found.name == "my tool"


def _conversation(database: Database) -> None:
    at = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)
    with database.writing() as session:
        session.add(Contact(id="c" * 32, created_at=at))
        session.flush()
        session.add(Conversation(id="v" * 32, contact_id="c" * 32, channel="web", opened_at=at, last_at=at))
        session.flush()
        for day, text in enumerate(("=1+1 from a shopper", "žąsis 🪿 שלום", "later")):
            when = at + timedelta(days=day)
            session.add(
                Message(
                    conversation_id="v" * 32,
                    episode=1,
                    direction="in",
                    author="shopper",
                    channel="web",
                    text=text,
                    state="received",
                    created_at=when,
                    stored_at=when,
                )
            )
        session.add(Fact(at=at, kind="opened", conversation_id="v" * 32, episode=1, channel="web"))


def test_everything_is_exported_as_json_lines(aisle: Aisle, database: Database) -> None:
    _conversation(database)
    done = aisle("export")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["table"] for row in rows] == ["conversations", "messages", "messages", "messages", "facts"]
    assert rows[2]["text"] == "žąsis 🪿 שלום"
    assert rows[1]["created_at"] == "2026-01-31T10:00:00+00:00"


def test_an_export_keeps_to_its_time(aisle: Aisle, database: Database) -> None:
    _conversation(database)
    done = aisle("export", "messages", "--since", "2026-02-01", "--until", "2026-02-02")
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["žąsis 🪿 שלום"]


def test_a_csv_export_does_not_run_formulas_of_shoppers(
    aisle: Aisle, database: Database, tmp_path: Path
) -> None:
    _conversation(database)
    out = tmp_path / "messages.csv"
    assert aisle("export", "messages", "--format", "csv", "--out", str(out)).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["text"] for row in rows] == ["'=1+1 from a shopper", "žąsis 🪿 שלום", "later"]


def test_an_unreachable_database_is_named_without_its_password(aisle: Aisle) -> None:
    done = aisle("migrate", AISLE_DATABASE_URL="postgresql://a:hidden@127.0.0.1:9/x?connect_timeout=2")
    assert done.exit_code == 1
    assert "cannot be used" in done.stderr
    assert "hidden" not in done.stderr


def test_serving_without_secrets_says_which_and_where_to_get_them(aisle: Aisle) -> None:
    done = aisle("serve")
    assert done.exit_code == 1
    assert "AISLE_SECRET_KEY is missing" in done.stderr
    assert "openssl rand -hex 32" in done.stderr


def test_the_doctor_finds_what_is_missing_and_says_how_to_mend_it(aisle: Aisle, tmp_path: Path) -> None:
    done = aisle("doctor", "--json", AISLE_BRAIN_ENV=str(tmp_path / "nowhere"))
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.exit_code == 1
    assert found["Python of the brain"]["state"] == "bad"
    assert found["Python of the brain"]["mend"] == "make env"
    assert found["database"]["state"] == "ok"
    assert found["secrets"]["state"] == "warning"


def test_the_doctor_minds_secrets_that_others_can_read(aisle: Aisle, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "secrets.env").write_text(f"AISLE_SECRET_KEY={'a' * 40}\nAISLE_INTERNAL_SECRET={'b' * 40}\n")
    (home / "secrets.env").chmod(0o644)
    checks = json.loads(aisle("doctor", "--json").stdout)["checks"]
    found = {check["name"]: check for check in checks}
    assert found["secrets"]["state"] == "ok"
    assert found["permissions"]["state"] == "bad"
    assert stat.S_IMODE((home / "secrets.env").stat().st_mode) == 0o644, "looking changes nothing"


def test_the_demo_stays_away_once_removed(aisle: Aisle, database: Database, tmp_path: Path) -> None:
    loaded = json.loads(aisle("demo", "load", "--json").stdout)
    assert {person["role"] for person in loaded["sign_ins"]} == {"agent", "manager", "admin"}
    file = tmp_path / "home" / "sign-ins.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with database.writing() as session:
        for person in loaded["sign_ins"]:
            sign_in(session, email=person["email"], password=person["password"], address="::1")
    assert aisle("demo", "remove").exit_code == 0
    assert not file.exists()
    with database.reading() as session:
        assert session.scalars(select(Conversation.id)).all() == []
    from bot.cli.supervise import first_start
    from bot.core.settings import Settings

    settings = Settings(
        home=tmp_path / "home", database_url=database.url.render_as_string(hide_password=False)
    )
    assert first_start.prepare(settings, with_demo=True, on_progress=lambda _line: None) == ()
