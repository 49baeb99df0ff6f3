"""End to end: the client and CometD's own half, over the network."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, Channel, Message, hookimpl
from pybayeux_timesync import TimeSync

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.servers.fixtures import ServerFactory
    from tests.servers.server import Server


class _Journal:
    """An extension that records the server's timesync replies."""

    def __init__(self, wanted: int = 1) -> None:
        self.answers: list[Any] = []
        self.enough = asyncio.Event()
        self._wanted = wanted

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.ext is not None and "timesync" in message.ext:
            self.answers.append((message.channel, message.ext["timesync"]))
            if len(self.answers) >= self._wanted:
                self.enough.set()


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


@pytest.mark.parametrize("ahead", [0, -3600, 86400.25])
def test_the_clock_of_the_server(cometd_server: Server, ahead: float) -> None:
    """Server and client share a clock, so the offset is what the test adds to the client's."""

    async def scenario() -> None:
        sync, journal = TimeSync(clock=lambda: time.time() + ahead), _Journal()
        async with AsyncClient(cometd_server.url, discover=False, extensions=[sync, journal]) as client:
            await client.subscribe("/timesync")
        assert sync.samples >= 1  # no more where the first one was good enough for the server
        assert sync.offset.total_seconds() == pytest.approx(-ahead, abs=0.5)
        assert timedelta() <= sync.lag < timedelta(seconds=0.5)
        assert abs(sync.server_time() - datetime.now(UTC)) < timedelta(seconds=0.5)
        channel, answer = journal.answers[0]
        assert channel == Channel.META_HANDSHAKE
        assert {"tc", "ts", "p", "a"} <= answer.keys()

    _run(scenario())


def test_a_held_connect_has_the_time_for_which_it_was_held(cometd_factory: ServerFactory) -> None:
    async def scenario() -> None:
        server = await asyncio.to_thread(lambda: cometd_factory(timeout=400))
        # Half a second off and never corrected: the server goes on sending its time.
        sync, journal = _Stubborn(clock=lambda: time.time() + 0.5), _Journal(wanted=4)
        async with AsyncClient(server.url, discover=False, extensions=[sync, journal]):
            await journal.enough.wait()
        held = [answer["p"] for channel, answer in journal.answers if channel == Channel.META_CONNECT]
        assert max(held) >= 390
        assert sync.lag < timedelta(seconds=0.2)
        assert sync.offset.total_seconds() == pytest.approx(-0.5, abs=0.2)

    _run(scenario())


class _Stubborn(TimeSync):
    """Keeps what it learns from the server."""

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        super().outgoing(message)
        if message.is_meta and message.ext is not None:
            message.ext["timesync"] |= {"l": 0, "o": 0}


def test_a_server_without_timesync_is_no_problem(cometd_factory: ServerFactory) -> None:
    async def scenario() -> None:
        server = await asyncio.to_thread(lambda: cometd_factory(timesync=False))
        sync = TimeSync()
        async with AsyncClient(server.url, discover=False, extensions=[sync]) as client:
            await client.subscribe("/timesync")
        assert (sync.samples, sync.lag, sync.offset) == (0, timedelta(), timedelta())

    _run(scenario())
