"""The program that listens: ``python -m pybayeux_devserver.demo.listener URL LOGIN FOLDER``.

A typical client with replay, acknowledgement and authentication. Its positions and its record are in FOLDER. It may be
killed at any moment and started again. It ends with its standard input, so it never outlives the demo. It reports its
states to its parent process, and does not know the faults.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from pybayeux import AsyncClient, BayeuxError, ConnectionState, hookimpl
from pybayeux_auth import Auth

from .orders import CHANNEL, Order
from .record import recording
from .status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("RECORD", "Reporter", "listen")

RECORD: Final = "handled.txt"
"""The file name of the record in the folder."""


class Reporter:
    """An extension that reports the states and failures of its client.

    Args:
        report: Receives each status.
    """

    def __init__(self, report: Callable[[Status], object]) -> None:
        self._report: Final = report

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        """Report the new state."""
        self._report(Status(state=new.value))

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        """Report a failure."""
        self._report(Status(failure=f"{type(error).__name__}: {error}"))


async def listen(url: str, login: str, folder: Path, reporter: Reporter) -> None:
    """Handle orders until standard input ends.

    Args:
        url: The Bayeux server.
        login: The URL whose POST returns a token.
        folder: The folder for positions and record.
        reporter: Reports what happens.
    """
    replay = {"store": f"sqlite:///{folder / 'positions.db'}", "since": "earliest"}
    extensions = (Auth(partial(_log_in, login)), reporter)
    with recording(folder / RECORD) as write:

        def handle(event: Any) -> None:
            write(event.data.number)  # once this has returned, the order counts as handled

        async with AsyncClient(url, extensions=extensions, options={"replay": replay}) as client:
            await client.subscribe(CHANNEL, handle, type=Order)
            await asyncio.to_thread(sys.stdin.read)


async def _log_in(url: str) -> str:
    async with httpx.AsyncClient() as http:
        answer = await http.post(url)
        token: str = answer.raise_for_status().json()["token"]
        return token


def _print(status: Status) -> None:
    sys.stdout.write(f"{msgspec.json.encode(status).decode()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Reporter(_print)))
