"""The running stand-in and its listener, for connectors that are tried against it."""

from tests.sandbox.conftest import listener, sandbox

__all__ = ["listener", "sandbox"]
