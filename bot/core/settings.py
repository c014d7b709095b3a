"""Settings, read once from the environment; docs/settings.md lists them and a test compares."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bot.core.errors import MissingSetting


def _setting(default: Any, help_text: str, *, is_secret: bool = False) -> Any:
    return field(default=default, metadata={"help": help_text, "is_secret": is_secret})


@dataclass(frozen=True)
class Settings:
    """Each field is `AISLE_<NAME>` in the environment."""

    home: Path = _setting(Path("var"), "folder of the database, logs, mail outbox and install secrets")
    database_url: str = _setting("", "SQLAlchemy address; empty: SQLite `aisle.db` in the home folder")
    host: str = _setting("127.0.0.1", "address the desk listens on")
    port: int = _setting(8800, "port the desk listens on")
    public_url: str = _setting("", "address shoppers and agents use; empty: http://localhost:<port>")
    brain_url: str = _setting("http://127.0.0.1:5005", "address of the brain (rasa run), loopback or private")
    actions_url: str = _setting("http://127.0.0.1:5055", "address of the action server, loopback or private")
    secret_key: str = _setting("", "signs visitor tokens and cookies; at least 32 characters", is_secret=True)
    internal_secret: str = _setting(
        "", "shared by desk, brain and actions; at least 32 characters", is_secret=True
    )
    shop_file: Path = _setting(
        Path("bot/shop/demo/shop.toml"), "the shop's profile: name, voice, hours, languages, policies"
    )
    allowed_origins: str = _setting(
        "", "origins whose pages may embed the chat, space separated; `*` for any"
    )
    trusted_proxies: int = _setting(
        0, "how many reverse proxies stand before the desk (for the client's address)"
    )
    max_body_bytes: int = _setting(256_000, "largest request body accepted")
    max_message_chars: int = _setting(4_000, "longest shopper message understood; the rest is cut and marked")
    messages_per_minute: int = _setting(
        60, "messages a shopper may send in a minute before being asked to wait"
    )
    brain_timeout_seconds: float = _setting(
        10.0, "time a turn may take in the brain before it is tried again"
    )
    slow_notice_seconds: float = _setting(5.0, "after this long without an answer the shopper is told")
    echo_wait_seconds: float = _setting(
        15.0, "how long a platform's echo may settle a message whose answer was lost before it is sent again"
    )
    episode_idle_seconds: int = _setting(1800, "silence after which an episode of the bot ends")
    survey_expiry_seconds: int = _setting(86_400, "how long a rating may still be given")
    session_seconds: int = _setting(43_200, "how long a sign-in lasts")
    log_level: str = _setting("info", "debug, info, warning or error")

    @property
    def database(self) -> str:
        """The SQLAlchemy address in use."""
        return self.database_url or f"sqlite:///{self.home / 'aisle.db'}"

    @property
    def url(self) -> str:
        """The public address without a trailing slash."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def is_tls(self) -> bool:
        """Whether people reach us over TLS (decides on Secure cookies)."""
        return self.url.startswith("https://")


def load(environment: Mapping[str, str], *, needs_secrets: bool = True) -> Settings:
    """Read the settings.

    Raises:
        MissingSetting: a value cannot be read, or a secret is missing or too short.
    """
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = f"AISLE_{item.name.upper()}"
        raw = environment.get(name)
        if raw is None or raw == "":
            continue
        kind: Any = type(item.default)
        try:
            values[item.name] = kind(raw)
        except ValueError as error:
            raise MissingSetting(f"{name} must be {kind.__name__}, not {raw!r}") from error
    settings = Settings(**values)
    if needs_secrets:
        for item in fields(Settings):
            if item.metadata["is_secret"] and len(getattr(settings, item.name)) < 32:
                raise MissingSetting(
                    f"AISLE_{item.name.upper()} is missing or shorter than 32 characters. It {item.metadata['help']}. "
                    "`aisle up` makes one for this install; elsewhere run: openssl rand -hex 32"
                )
    return settings
