"""Logging of the desk: one line per event, its fields as key=value; never message text or personal data."""

import logging
import sys

from bot.core.masking import mask_logs

KNOWN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


class Fields(logging.Formatter):
    """`2026-01-31 10:00:00 info aisle.turns turn finished seconds=0.021`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the trace below it when there is one."""
        fields = "".join(f" {key}={value}" for key, value in record.__dict__.items() if key not in KNOWN)
        at = self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        line = f"{at} {record.levelname.lower()} {record.name} {record.getMessage()}{fields}"
        trace = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        return f"{line}\n{trace}" if trace else line


def configure(level: str) -> None:
    """Write to standard error from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Fields())
    logging.basicConfig(
        level=logging.getLevelNamesMapping().get(level.upper(), logging.INFO), handlers=[handler]
    )
    mask_logs()
    for name in ("sanic.root", "sanic.server", "alembic", "sanic.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
