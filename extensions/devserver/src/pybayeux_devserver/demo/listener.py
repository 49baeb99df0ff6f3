"""The program that listens: ``python -m pybayeux_devserver.demo.listener URL LOGIN FOLDER``.

Two typical clients with replay, acknowledgement and authentication. One handles orders at least once, and notes them in
a record. The other writes them into a ledger exactly once; without replay there is only the first. Their files are in
FOLDER. The process may be killed at any moment and started again. It ends with its standard input, so it never outlives
the demo. It reports the states of the first client to its parent process, and does not know the faults.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from pybayeux import AsyncClient, BayeuxError, ConnectionState, hookimpl
from pybayeux_auth import Auth

from .ledger import replay_options, write_orders
from .orders import CHANNEL, Order
from .record import recording
from .status import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ("LEDGER", "RECORD", "Reporter", "listen")

LEDGER: Final = "ledger.db"
"""The file name of the ledger in the folder."""

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

    def writing_ended(self, writing: asyncio.Task[None]) -> None:
        """Report why the ledger is no longer written, if that was an error."""
        if not writing.cancelled() and (error := writing.exception()) is not None:
            self._report(Status(failure=f"the ledger is not written any more: {type(error).__name__}: {error}"))


async def listen(url: str, login: str, folder: Path, reporter: Reporter) -> None:
    """Handle orders until standard input ends.

    Args:
        url: The Bayeux server.
        login: The URL whose POST returns a token.
        folder: The folder for positions and record.
        reporter: Reports what happens.
    """
    replay = {"store": f"sqlite:///{folder / 'positions.db'}", "since": "earliest"}
    with recording(folder / RECORD) as write:

        def handle(event: Any) -> None:
            write(event.data.number)  # once this has returned, the order counts as handled

        async with _client(url, login, replay, reporter) as client:
            await client.subscribe(CHANNEL, handle, type=Order)
            async with _writing(url, login, folder / LEDGER, reporter):
                await asyncio.to_thread(sys.stdin.read)


def _client(url: str, login: str, replay: dict[str, Any], *extensions: object) -> AsyncClient:
    return AsyncClient(url, extensions=(Auth(partial(_log_in, login)), *extensions), options={"replay": replay})


@asynccontextmanager
async def _writing(url: str, login: str, path: Path, reporter: Reporter) -> AsyncIterator[None]:
    """Write the ledger meanwhile, if replay is there."""
    client = _client(url, login, replay_options(path))
    if not any(each.name == "replay" and each.state == "active" for each in client.extensions):
        yield
        return
    async with client:
        writing = asyncio.create_task(write_orders(client))
        writing.add_done_callback(reporter.writing_ended)
        yield
    await asyncio.wait([writing])


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
