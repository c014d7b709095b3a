"""JSON as text, written and read quickly: a turn does so some twenty times.

What the quick way refuses (lone surrogates, a key that is None, NaN in a row of old) goes the standard library's.
"""

import json
from typing import Any

import msgspec

_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder()


def encoded(value: Any) -> str:
    """`value` as JSON text."""
    try:
        return _encoder.encode(value).decode()
    except (TypeError, UnicodeEncodeError):
        return json.dumps(value)


def decoded(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none.
    """
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        return json.loads(text)
