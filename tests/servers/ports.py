"""Ports that stay free while a server is stopped."""

from __future__ import annotations

import random
import socket
from typing import Final

__all__ = ("PORTS", "free_port")

PORTS: Final = range(20_000, 32_000)
"""Below those that the system hands out by itself, to whatever connects or listens meanwhile."""

_dice: Final = random.SystemRandom()


def free_port() -> int:
    """A port of this machine on which nothing listens now; other processes are unlikely to choose the same one."""
    while True:
        port = _dice.choice(PORTS)
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
