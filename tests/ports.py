"""Ports for what tests start: not from those the system hands to outgoing connections, which take one any moment."""

import random
import socket

LOWEST, HIGHEST = 10_000, 32_000  # Linux hands out from 32,768 on
REFUSED = {10_080}  # browsers open no page there
_chance = random.SystemRandom()  # two workers with one seed would choose the same
_given = set(REFUSED)


def free_port() -> int:
    """A port of loopback that nobody listens on, and that was not given before."""
    while True:
        port = _chance.randrange(LOWEST, HIGHEST)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def free_ports(count: int) -> list[int]:
    """Several of them."""
    return [free_port() for _ in range(count)]
