"""Outages of a real engine: an extension that waits for them, and what every store of an engine has to do in them."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Final, TypeVar

from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import hookimpl
from pybayeux_replay import Replay

if TYPE_CHECKING:
    from pybayeux_replay import Store
    from tests.servers.engine import Engine

__all__ = ("OutageEvents", "check_client_waits_for_engine", "error_of")

_Store = TypeVar("_Store", bound="Store")


class OutageEvents:
    """An extension with an event for each end and each beginning of an outage."""

    def __init__(self) -> None:
        self.lost: Final = asyncio.Event()
        self.back: Final = asyncio.Event()

    @hookimpl
    def store_failed(self, error: Exception | None) -> None:
        (self.back if error is None else self.lost).set()


async def check_client_waits_for_engine(engine: Engine, store: str, extension: object) -> None:
    """Subscribe while the engine is not there, start it, and receive.

    Args:
        engine: Runs now.
        store: The name of a store in it.
        extension: Knows the scheme of the name.

    Raises:
        AssertionError: The subscription did not wait, or did not go on.
    """
    server, events = ReplayingServer(), OutageEvents()
    server.publish("/orders", 0)
    await asyncio.to_thread(engine.kill)
    replay = Replay(store, since="earliest", lease=10, shard=True)
    async with client_of(server, replay, events, extension) as client:
        subscribing = asyncio.ensure_future(client.subscribe("/orders"))
        await events.lost.wait()
        assert not subscribing.done()
        await asyncio.to_thread(engine.start)
        assert (await anext(await subscribing)).data["number"] == 0


def error_of(store: _Store) -> tuple[_Store, Exception]:
    """Return a store, and the error that it raises when it is read.

    Raises:
        AssertionError: It raises none.
    """
    with closing(store):
        try:
            store.get("billing", "/orders")
        except Exception as error:
            return store, error
    raise AssertionError("it did not fail")
