"""Identifiers nobody can guess."""

import secrets
import uuid


def new_id() -> str:
    """A random 128-bit id, 32 hex digits; public ids of conversations, contacts and surveys."""
    return uuid.uuid4().hex


def new_token() -> str:
    """A random 256-bit secret, URL-safe."""
    return secrets.token_urlsafe(32)


def is_client_id(text: str) -> bool:
    """Whether `text` is a UUID as browsers write them."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return len(text) in (32, 36)
