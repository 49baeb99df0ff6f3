"""Events that an extension puts into the stream of a channel, and what comes around them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import AsyncClient, BayeuxClient, Message, Redelivery, hookimpl
from pybayeux.errors import ClientStateError, SlowReceiverError, UsageError


def _made(*data: Any, channel: str = "/a") -> list[Message]:
    return [Message(channel=channel, data=each) for each in data]


class _InsertsBefore:
    """Makes an insertion before each event with one of these payloads."""

    def __init__(self, *data: Any) -> None:
        self._data = data
        self.made: list[Any] = []

    @hookimpl
    def incoming(self, message: Message, client: AsyncClient) -> None:
        if message.successful is None and message.data in self._data:
            self.made.append(client.insert_events(message.channel, before=message))


@in_virtual_time
async def test_what_comes_after_an_insertion_waits_until_it_is_closed() -> None:
    server, handled, witness = FakeServer(), list[Any](), Witness()
    async with make_client(server, witness) as client:
        await client.subscribe("/a", lambda event: handled.append(event.data))
        await client.subscribe("/b", lambda event: handled.append(event.data))
        server.push("/a", 1)
        await settle()
        insertion = client.insert_events("/a")
        server.push("/a", 2, 3)
        server.push("/b", "other")
        await settle()
        assert handled == [1, "other"]
        await insertion.put(_made("x", "y"))
        assert handled == [1, "other", "x", "y"]
        insertion.close(drop=lambda event: event.data == 2)
        insertion.close()
        assert handled == [1, "other", "x", "y", 3]
        server.push("/a", 2)
        await settle()
        assert handled[-1] == 2
    assert witness.delivered_data == [1, "other", "x", "y", 3, 2]


@in_virtual_time
async def test_an_insertion_before_an_event_lets_the_earlier_events_of_its_batch_pass() -> None:
    server, handled, inserts = FakeServer(), list[Any](), _InsertsBefore(3, 5)
    async with make_client(server, inserts) as client:
        await client.subscribe("/a", lambda event: handled.append(event.data))
        server.push("/a", 1, 2, 3, 4, 5, 6)
        await settle()
        assert handled == [1, 2]
        first, second = inserts.made
        later = asyncio.ensure_future(second.put(_made("second")))
        await first.put(_made("first"))
        await settle()
        assert handled == [1, 2, "first"]
        first.close()
        await later
        assert handled == [1, 2, "first", 3, 4, "second"]
        second.close()
        assert handled == [1, 2, "first", 3, 4, "second", 5, 6]


@in_virtual_time
async def test_every_subscription_of_the_channel_gets_them() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client, client.subscribe("/a") as one, client.subscribe("/*") as two:
        insertion = client.insert_events("/a")
        server.push("/a", 1)
        await settle()
        await insertion.put(_made("x"))
        insertion.close()
        assert [(await one.next()).data, (await one.next()).data] == ["x", 1]
        assert not witness.delivered_data
        assert [(await two.next()).data, (await two.next()).data] == ["x", 1]
    assert witness.delivered_data[:1] == ["x"]


@in_virtual_time
async def test_an_insertion_may_be_closed_by_the_handler_of_its_last_event() -> None:
    server, handled = FakeServer(), list[Any]()
    async with make_client(server) as client:
        insertion = client.insert_events("/a")

        def handle(event: Message) -> None:
            handled.append(event.data)
            if event.data == "x":
                insertion.close()

        await client.subscribe("/a", handle)
        server.push("/a", 1)
        await settle()
        await insertion.put(_made("x"))
        assert handled == ["x", 1]


@in_virtual_time
async def test_what_waits_is_counted_and_given_up_with_all_that_waits() -> None:
    server, handled, rewound = FakeServer(), list[Any](), list[int]()

    class Rewinds:
        @hookimpl
        def redelivery(self) -> Redelivery:
            return Redelivery(lambda: rewound.append(1))

    witness = Witness()
    async with make_client(server, Rewinds(), witness, queue_size=3) as client:
        await client.subscribe("/a", lambda event: handled.append(event.data))
        insertion = client.insert_events("/a")
        waiting = asyncio.ensure_future(client.insert_events("/a").turn())
        server.push("/a", 1, 2, 3, 4)
        await settle()
        await asyncio.sleep(60)
        assert any(isinstance(error, SlowReceiverError) for error in witness.errors)
        client.hold_events("test")
        client.release_events("test", discard=True)
        assert insertion.closed
        with pytest.raises(ClientStateError):
            await waiting
        with pytest.raises(ClientStateError):
            await insertion.put(_made("x"))
        server.push("/a", 5)
        await asyncio.sleep(60)
        assert handled == [5]


@in_virtual_time
async def test_an_expected_event_that_never_comes_holds_nothing_back() -> None:
    server, handled = FakeServer(), list[Any]()
    async with make_client(server) as client:
        await client.subscribe("/a", lambda event: handled.append(event.data))
        insertion = client.insert_events("/a", before=Message(channel="/a", data=0))
        server.push("/a", 1)
        await settle()
        assert handled == [1]
        insertion.close()
        server.push("/a", 2)
        await settle()
        assert handled == [1, 2]


def test_a_low_level_client_has_no_receivers() -> None:
    with pytest.raises(UsageError, match="no receivers"):
        BayeuxClient("http://127.0.0.1/cometd").insert_events("/a")


@in_virtual_time
async def test_what_waits_on_one_channel_is_given_up_with_that_channel() -> None:
    server, handled = FakeServer(), list[Any]()
    async with make_client(server) as client:
        for channel in ("/a", "/b"):
            await client.subscribe(channel, lambda event: handled.append(event.data))
        given_up, kept = client.insert_events("/a"), client.insert_events("/b")
        server.push("/a", 1)
        server.push("/b", 2)
        await settle()
        client.discard_events("/a")
        assert (given_up.closed, kept.closed) == (True, False)
        kept.close()
        assert handled == [2]
