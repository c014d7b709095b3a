"""Logs hold nothing that belongs to a person."""

import subprocess
import sys

import pytest

from bot.core.masking import masked

SET_UPS = {
    "desk": "from bot.cli.logs import configure; configure('INFO')",
    "actions": "from actions.__main__ import set_up_logs; set_up_logs('INFO')",
}
TALK = """
import logging
log = logging.getLogger("aisle.somewhere")
log.info("sent to %s", "jonas.jonaitis@example.lt", extra={"phone": "+370 600 12345", "count": 3})
try:
    raise ValueError("card 4111 1111 1111 1111 refused")
except ValueError:
    log.exception("failed")
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to Rasa.K+shop@mail.example.co.uk now", "write to [email] now"),
        ("GET /x?email=ona%40example.lt HTTP", "GET /x?email=[email] HTTP"),
        ("call +370 600 12345.", "call [phone]."),
        ("call +995 (555) 12-34-56", "call [phone]"),
        ("tel 8 600 12345", "tel [phone]"),
        ("tel 0712345678 please", "tel [phone] please"),
        ("card 4111-1111-1111-1111 exp", "card [card] exp"),
        ("card 5555555555554444", "card [card]"),
        ("to LT12 1000 0111 0100 1000 today", "to [iban] today"),
        ("to RS35260005601001611379", "to [iban]"),
    ],
)
def test_what_belongs_to_a_person_is_masked(text, expected):
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "turn finished seconds=0.021345678 conversation=0193f2a1-77aa-7c1e-8a4e-1234567890ab",
        "2026-11-22 03:15:00 order A1001 of 49.90 EUR, 01103 Vilnius",
        "card 4111 1111 1111 1112",
        "port 8800, 127.0.0.1:5005, 1763781300123",
        "LT12 1000 0111 0100 1001",
        "08:15:00 08.11.2026",
    ],
)
def test_ids_times_and_amounts_stay(text):
    assert masked(text) == text


@pytest.mark.parametrize("part", sorted(SET_UPS))
def test_messages_fields_and_traces_are_masked_by_the_logging_of_each_part(part):
    done = subprocess.run(
        [sys.executable, "-c", SET_UPS[part] + TALK], capture_output=True, text=True, timeout=60, check=True
    )
    assert "sent to [email]" in done.stderr
    assert "ValueError: card [card] refused" in done.stderr
    for secret in ("jonas", "12345", "4111"):
        assert secret not in done.stderr
