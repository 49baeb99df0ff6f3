"""`AsyncClient.health`, and what the log says of a recovery."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Advice, hookimpl
from pybayeux.errors import BayeuxError, ReceiverError, SessionEndedError, SubscribeError

if TYPE_CHECKING:
    from pybayeux import Message


@in_virtual_time
async def test_waiting_for_a_quota_is_told_from_being_dead() -> None:
    server = FakeServer()
    client = make_client(server)
    assert (client.health.live, client.health.ready) == (False, False)
    async with client:
        assert (client.health.live, client.health.ready, client.health.error) == (True, True, None)
        server.refuse_next("/meta/handshake", "403::quota", advice=Advice(reconnect="handshake", interval=300_000))
        server.forget()
        await asyncio.sleep(10)
        health = client.health
        assert (health.live, health.ready) == (True, False)
        assert health.retry_in == pytest.approx(290, abs=5)
        assert "403::quota" in str(health.error)
        assert str(health).startswith("live, not ready; ")
        assert "; tries again in 29" in str(health)
        await asyncio.sleep(300)
        assert (client.healthy, client.health.retry_in, client.health.error) == (True, None, None)
    assert (client.health.live, client.health.ready) == (False, False)


@in_virtual_time
async def test_a_session_that_ended_is_not_live() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.refuse_next("/meta/connect", "401::no", advice=Advice(reconnect="none"))
        server.push("/service/any", 1)
        await asyncio.sleep(1)
        assert (client.health.live, client.health.ready, client.health.retry_in) == (False, False, None)
        assert isinstance(client.health.error, SessionEndedError)


@in_virtual_time
async def test_a_client_that_hears_nothing_is_not_live() -> None:
    server = FakeServer(hold=30)
    async with make_client(server, queue_size=1) as client, client.subscribe("/a"):
        server.push("/a", 1)
        await asyncio.sleep(39)
        assert client.health.live
        await asyncio.sleep(2)
        assert (client.health.live, client.health.ready) == (False, False)


@in_virtual_time
async def test_one_channel_of_two_that_waits_is_not_ready() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        for channel in ("/a", "/b"):
            await client.subscribe(channel, print)
        assert client.healthy
        server.refuse_next("/meta/subscribe", "403::quota", subscription="/a")
        server.forget()
        await asyncio.sleep(0.5)
        health = client.health
        assert (health.live, health.ready, list(health.inactive)) == (True, False, ["/a"])
        assert isinstance(health.inactive["/a"], SubscribeError)
        assert "/a inactive: " in str(health)
        await asyncio.sleep(200)
        assert client.healthy


@in_virtual_time
async def test_one_channel_of_two_whose_handler_failed_is_not_ready() -> None:
    def fail(event: Message) -> None:
        raise ValueError(event.data)

    server = FakeServer()
    async with make_client(server) as client:
        await client.subscribe("/a/*", fail)
        await client.subscribe("/b", print)
        server.push("/a/1", 1)
        await settle()
        assert (client.health.live, client.health.ready) == (True, False)
        assert isinstance(client.health.inactive["/a/*"], ReceiverError)
        await client.subscribe("/a/*", print)
        assert client.healthy


@in_virtual_time
async def test_a_failure_that_the_user_has_seen_to_is_forgotten() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        with pytest.raises(ValueError):
            async with client.subscribe("/a"):
                raise ValueError
        assert not client.healthy
        await client.unsubscribe("/a")
        assert client.healthy


@in_virtual_time
async def test_a_refused_subscribe_that_raised_leaves_the_client_healthy() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.refuse_next("/meta/subscribe", "403::no")
        with pytest.raises(SubscribeError):
            await client.subscribe("/a")
        assert client.healthy


def _created(seconds_ago: float) -> dict[str, object]:
    moment = datetime.fromtimestamp(time.time() - seconds_ago, UTC)
    return {"event": {"createdDate": moment.isoformat()}}


@in_virtual_time
async def test_the_lag_is_the_age_of_the_oldest_event_that_is_not_handled() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        events = await client.subscribe("/a")
        undated = await client.subscribe("/b")
        assert client.health.lag == {"/a": 0, "/b": 0}
        for age in (300, 20):
            server.push("/a", _created(age))
        server.push("/b", {"no": "time"})
        await settle()
        assert client.health.lag == {"/a": pytest.approx(300, abs=10)}
        await anext(events)
        assert client.health.lag == {"/a": pytest.approx(300, abs=10)}  # in hand
        await anext(events)
        assert client.health.lag == {"/a": pytest.approx(20, abs=10)}
        await events.unsubscribe()
        await undated.unsubscribe()
        assert client.health.lag == {}


@in_virtual_time
async def test_of_several_receivers_the_slowest_counts() -> None:
    server = FakeServer()
    async with make_client(server) as client:
        await client.subscribe("/a", print)
        slow = await client.subscribe("/a")
        server.push("/a", _created(60))
        await settle()
        assert client.health.lag == {"/a": pytest.approx(60, abs=10)}
        await anext(slow)
        await slow.unsubscribe()
        assert client.health.lag == {"/a": 0}


@in_virtual_time
async def test_a_server_whose_clock_is_ahead_leaves_no_negative_lag() -> None:
    server = FakeServer()
    async with make_client(server) as client, client.subscribe("/a"):
        server.push("/a", _created(-3600))
        await settle()
        assert client.health.lag == {"/a": 0}


# -- the log


@in_virtual_time
async def test_every_recovery_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pybayeux")
    server = FakeServer()
    async with make_client(server) as client:
        await client.subscribe("/a", print)
        server.refuse_next("/meta/subscribe", "500::no", subscription="/a")
        server.forget()
        await asyncio.sleep(60)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert told.pop(0).startswith("extensions: ")
    assert [text.partition(" after ")[0] for text in told] == ["connected again", "subscribed to /a"]


@in_virtual_time
async def test_a_routine_failure_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    class Routine:
        @hookimpl
        def interpret_error(self, error: BayeuxError) -> BayeuxError:
            error.routine = True
            return error

    caplog.set_level(logging.INFO, "pybayeux")
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness, Routine()):
        server.forget()
        await asyncio.sleep(5)
    assert len(witness.errors) == 1
    assert {record.levelno for record in caplog.records} == {logging.INFO}
