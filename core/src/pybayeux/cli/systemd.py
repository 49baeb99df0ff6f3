"""Notifications to systemd: that a command is ready, that it is alive, and that it stops (``Type=notify``).

Without systemd, or another type of unit, nothing is sent. The protocol is that of sd_notify(3).
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from .._printable import printable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from ..health_server import HasHealth

__all__ = ("supervised",)

_logger: Final = logging.getLogger("pybayeux.cli")


@asynccontextmanager
async def supervised(client: HasHealth, redact: Callable[[str], str]) -> AsyncIterator[None]:
    """Tell systemd that the command is ready, within this block that it is alive, and at its end that it stops.

    With ``WatchdogSec=`` systemd restarts a unit that is not alive: while the client is not `live`, it is not told so.

    Args:
        client: Its health is the status that ``systemctl status`` shows.
        redact: Removes secrets from a text.
    """
    _notify("READY=1")
    interval = _watchdog_interval()
    feeding = None if interval is None else asyncio.create_task(_feed(client, redact, interval))
    try:
        yield
    finally:
        if feeding is not None:
            feeding.cancel()
        _notify("STOPPING=1")


async def _feed(client: HasHealth, redact: Callable[[str], str], interval: float) -> None:
    while True:
        health = client.health
        alive = ["WATCHDOG=1"] if health.live else []
        _notify("\n".join([*alive, f"STATUS={printable(redact(str(health)))}"]))
        await asyncio.sleep(interval)


def _watchdog_interval() -> float | None:
    """Return the seconds between two signs of life: a third of the time that systemd waits; None if it does not."""
    microseconds, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or not int(microseconds) or pid not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 3_000_000


def _notify(state: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"  # an abstract socket
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.setblocking(False)
            notifier.sendto(state.encode(), address)
    except OSError as error:
        _logger.warning("systemd could not be told %s: %s", state.partition("\n")[0], error)
