"""Replies with events that never arrive, at a real CometD: with acknowledgement nothing is lost, without it some are.

The second half is what makes the first worth something: the same fault loses events of a client that does not
acknowledge.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pybayeux import ConnectionState
from pybayeux.errors import TransportError
from pybayeux_ack import Ack
from tests.servers.control import held
from tests.servers.faults import EVENT, Action, Fault
from tests.support.clients import make_client, take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.servers.control import ServerSession
    from tests.servers.fixtures import ProxyFactory, ServerFactory

breaks = pytest.mark.parametrize("action", [Action.CUT, Action.RESET])


@pytest.mark.parametrize(("extensions", "lost"), [((Ack,), 0), ((), 1)], ids=["acknowledged", "not"])
@breaks
@in_loop
async def test_events_of_a_broken_reply(
    cometd_factory: ServerFactory,
    proxy_factory: ProxyFactory,
    action: Action,
    extensions: tuple[type[Ack], ...],
    lost: int,
) -> None:
    server, journal = cometd_factory(), Journal()
    proxy = await asyncio.to_thread(proxy_factory, server)
    client = make_client(proxy.url, journal, *(extension() for extension in extensions))
    async with client, client.subscribe("/ack/one") as events:
        await asyncio.to_thread(server.control.wait, held)
        fault = proxy.add(Fault(action))
        server.control.publish("/ack/one")
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        server.control.publish("/ack/one", 5, start=1)
        assert [data["seq"] for data in await take(events, 6 - lost)] == list(range(lost, 6))
        assert events.pending == 0
    assert fault.struck == 1
    assert journal.failures(TransportError)


@breaks
@in_loop
async def test_stream_over_many_broken_replies(
    cometd_factory: ServerFactory, proxy_factory: ProxyFactory, action: Action
) -> None:
    server, journal = cometd_factory(), Journal()
    proxy = await asyncio.to_thread(proxy_factory, server)
    async with make_client(proxy.url, journal, Ack()) as client, client.subscribe("/ack/stream") as events:
        fault = proxy.add(Fault(action, EVENT, times=10))
        server.control.publish("/ack/stream", 500, rate=500)
        assert [data["seq"] for data in await take(events, 500)] == list(range(500))
        assert events.pending == 0
        assert journal.count(ConnectionState.REHANDSHAKING) == 0
    assert fault.struck == 10


@in_loop
async def test_acknowledgement_does_not_outlive_its_session(cometd_factory: ServerFactory) -> None:
    server = cometd_factory(timeout=300, multiSessionInterval=20)
    async with make_client(server.url, Ack()) as client, client.subscribe("/ack/sessions") as events:
        for session in range(3):
            await asyncio.to_thread(server.control.wait, _is_there)
            numbers = list(range(session * 20, session * 20 + 20))
            server.control.publish("/ack/sessions", 20, start=numbers[0])
            assert [data["seq"] for data in await take(events, 20)] == numbers
            server.control.drop()


def _is_there(sessions: list[ServerSession]) -> bool:
    return any(session.held and session.subscriptions == ("/ack/sessions",) for session in sessions)
