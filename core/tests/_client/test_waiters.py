from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import ConnectionState, Message
from pybayeux._client.waiters import Waiting
from pybayeux.errors import PublishError, SessionEndedError, SubscribeError
from pybayeux.session import Request

if TYPE_CHECKING:
    from collections.abc import Coroutine

S = ConnectionState


async def begun(work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
    """The work, waiting already."""
    task = asyncio.ensure_future(work)
    await settle()
    return task


@in_virtual_time
async def test_a_request_gets_its_reply() -> None:
    waiting, request, reply = Waiting(), Request(Message(channel="/a")), Message(channel="/a", successful=True)
    waits = await begun(waiting.for_reply(request))
    assert waiting.settle(request, reply)
    assert await waits is reply


@in_virtual_time
async def test_a_request_gets_its_error_once() -> None:
    waiting, request = Waiting(), Request(Message(channel="/a"))
    waits = await begun(waiting.for_reply(request))
    assert waiting.settle(request, PublishError("/a"))
    assert not waiting.settle(request, PublishError("/a"))
    with pytest.raises(PublishError):
        await waits


@in_virtual_time
async def test_a_request_that_nobody_waits_for() -> None:
    waiting, request = Waiting(), Request(Message(channel="/a"))
    assert not waiting.settle(request, PublishError("/a"))
    waits = await begun(waiting.for_reply(request))
    waits.cancel()
    await settle()
    assert not waiting.settle(request, Message(channel="/a"))


@in_virtual_time
async def test_everybody_who_waits_for_a_channel_is_told() -> None:
    waiting = Waiting()
    both = [await begun(waiting.for_channel("/a")) for _ in range(2)]
    other = await begun(waiting.for_channel("/b"))
    waiting.channel_granted("/a")
    await asyncio.gather(*both)
    assert not other.done()
    assert waiting.channel_refused("/b", SubscribeError("/b"))
    with pytest.raises(SubscribeError):
        await other


@in_virtual_time
async def test_a_refusal_that_nobody_waits_for() -> None:
    waiting = Waiting()
    assert not waiting.channel_refused("/a", SubscribeError("/a"))
    waits = await begun(waiting.for_channel("/a"))
    waits.cancel()
    await settle()
    assert not waiting.channel_refused("/a", SubscribeError("/a"))
    waiting.channel_granted("/a")


@pytest.mark.parametrize("wanted", list(S))
@in_virtual_time
async def test_a_state_that_is_there_needs_no_wait(wanted: ConnectionState) -> None:
    await Waiting().for_state(wanted, wanted)


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
    waiting = Waiting()
    waits = await begun(waiting.for_state(wanted, S.HANDSHAKING))
    waiting.state_reached(S.REHANDSHAKING)
    await settle()
    assert not waits.done()
    waiting.state_reached(reached)
    await waits


@in_virtual_time
async def test_the_end_is_told_to_everybody() -> None:
    waiting = Waiting()
    waits = [
        await begun(waiting.for_state(S.CONNECTED, S.HANDSHAKING)),
        await begun(waiting.for_channel("/a")),
    ]
    given_up = await begun(waiting.for_channel("/b"))
    given_up.cancel()
    await settle()
    assert waiting.end(SessionEndedError("over"))
    for each in waits:
        with pytest.raises(SessionEndedError):
            await each
    assert not waiting.end(SessionEndedError("over"))
