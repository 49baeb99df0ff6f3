from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import ConnectionState, Message
from pybayeux._client.waiters import Waiters
from pybayeux.errors import PublishError, SessionEndedError, SubscribeError
from pybayeux.session import Request

if TYPE_CHECKING:
    from collections.abc import Coroutine

S = ConnectionState


async def begun(work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
    """The work, waiters already."""
    task = asyncio.ensure_future(work)
    await settle()
    return task


@in_virtual_time
async def test_a_request_gets_its_reply() -> None:
    waiters, request, reply = Waiters(), Request(Message(channel="/a")), Message(channel="/a", successful=True)
    waits = await begun(waiters.for_reply(request))
    assert waiters.complete(request, reply)
    assert await waits is reply


@in_virtual_time
async def test_a_request_gets_its_error_once() -> None:
    waiters, request = Waiters(), Request(Message(channel="/a"))
    waits = await begun(waiters.for_reply(request))
    assert waiters.complete(request, PublishError("/a"))
    assert not waiters.complete(request, PublishError("/a"))
    with pytest.raises(PublishError):
        await waits


@in_virtual_time
async def test_a_request_without_a_waiter() -> None:
    waiters, request = Waiters(), Request(Message(channel="/a"))
    assert not waiters.complete(request, PublishError("/a"))
    waits = await begun(waiters.for_reply(request))
    waits.cancel()
    await settle()
    assert not waiters.complete(request, Message(channel="/a"))


@in_virtual_time
async def test_every_waiter_for_a_channel_gets_its_outcome() -> None:
    waiters = Waiters()
    both = [await begun(waiters.for_channel("/a")) for _ in range(2)]
    other = await begun(waiters.for_channel("/b"))
    waiters.subscribed("/a")
    await asyncio.gather(*both)
    assert not other.done()
    assert waiters.rejected("/b", SubscribeError("/b"))
    with pytest.raises(SubscribeError):
        await other


@in_virtual_time
async def test_a_refusal_without_a_waiter() -> None:
    waiters = Waiters()
    assert not waiters.rejected("/a", SubscribeError("/a"))
    waits = await begun(waiters.for_channel("/a"))
    waits.cancel()
    await settle()
    assert not waiters.rejected("/a", SubscribeError("/a"))
    waiters.subscribed("/a")


@pytest.mark.parametrize("wanted", list(S))
@in_virtual_time
async def test_a_state_that_is_there_needs_no_wait(wanted: ConnectionState) -> None:
    await Waiters().for_state(wanted, wanted)


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        (S.CONNECTED, S.CONNECTED),
        (S.HANDSHAKEN, S.HANDSHAKEN),
        (S.HANDSHAKEN, S.CONNECTED),
        (S.CONNECTING, S.CONNECTED),
        (S.DISCONNECTING, S.DISCONNECTED),
        (S.TERMINATING, S.DISCONNECTED),
    ],
)
@in_virtual_time
async def test_a_state_may_imply_another(wanted: ConnectionState, reached: ConnectionState) -> None:
    waiters = Waiters()
    waits = await begun(waiters.for_state(wanted, S.HANDSHAKING))
    waiters.state_reached(S.REHANDSHAKING)
    await settle()
    assert not waits.done()
    waiters.state_reached(reached)
    await waits


@in_virtual_time
async def test_every_waiter_gets_the_end() -> None:
    waiters = Waiters()
    waits = [
        await begun(waiters.for_state(S.CONNECTED, S.HANDSHAKING)),
        await begun(waiters.for_channel("/a")),
    ]
    given_up = await begun(waiters.for_channel("/b"))
    given_up.cancel()
    await settle()
    assert waiters.end(SessionEndedError("over"))
    for each in waits:
        with pytest.raises(SessionEndedError):
            await each
    assert not waiters.end(SessionEndedError("over"))
