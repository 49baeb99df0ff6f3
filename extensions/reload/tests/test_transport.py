from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import DONE, Message, requests
from pybayeux_reload.early_events import EarlyEvents
from pybayeux_reload.persistent_session import PersistentSession
from pybayeux_reload.transport import InterceptingTransport, channels_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pybayeux import Completion


@dataclass
class _Context:
    receive: Callable[[list[Message]], Completion]
    url: str = "http://127.0.0.1/"


@dataclass
class _Wrapped:
    """The wrapped transport: records what it sends, and answers nothing unless the test says so."""

    context: Any
    sent: list[Message] = field(default_factory=list)
    closed: bool = False

    async def exchange(self, messages: list[Message]) -> None:
        self.sent += messages

    async def close(self) -> None:
        self.closed = True


class _Setup:
    """An intercepting transport between a client and a transport, which both record what they get."""

    def __init__(self, folder: Path) -> None:
        self.received: list[Message] = []
        self.session = PersistentSession(folder / "session.json")
        self.early = EarlyEvents()
        self.wrapped: _Wrapped
        self.transport = InterceptingTransport(
            self._make, _Context(self._receive), session=self.session, early=self.early
        )

    def _make(self, context: Any) -> _Wrapped:
        self.wrapped = _Wrapped(context)
        return self.wrapped

    def _receive(self, messages: list[Message]) -> Completion:
        self.received += messages
        return DONE

    def sent(self) -> list[str]:
        return [message.channel for message in self.wrapped.sent]


@pytest.fixture
def setup(tmp_path: Path) -> _Setup:
    return _Setup(tmp_path)


@in_virtual_time
async def test_everything_passes_in_both_directions(setup: _Setup) -> None:
    everything = [
        requests.handshake(["long-polling"]),
        requests.connect("abc", "long-polling"),
        requests.subscribe("abc", "/a"),
        requests.publish("/a", 1),
        requests.unsubscribe("abc", "/a"),
        requests.disconnect("abc"),
    ]
    for message in everything:
        await setup.transport.exchange([message])
    assert setup.wrapped.sent == everything
    batch = [Message(channel="/a", data=1), Message(channel="/meta/connect", successful=True)]
    await setup.wrapped.context.receive(batch)
    assert setup.received == batch
    await setup.transport.close()
    assert setup.wrapped.closed


@in_virtual_time
async def test_the_end_of_a_session_that_is_handed_over_is_answered_here(setup: _Setup) -> None:
    connect = requests.connect("abc", "long-polling")
    connect.id = "7"
    await setup.transport.exchange([connect])
    setup.session.is_handing_over = True
    publish, unsubscribe, disconnect = (
        requests.publish("/a", 1),
        requests.unsubscribe("abc", "/a"),
        requests.disconnect("abc"),
    )
    await setup.transport.exchange([unsubscribe, publish])
    await setup.transport.exchange([disconnect])
    assert setup.sent() == ["/meta/connect", "/a"]
    assert [(each.channel, each.id, each.subscription, each.successful) for each in setup.received] == [
        ("/meta/unsubscribe", None, "/a", True),
        ("/meta/connect", "7", None, True),
        ("/meta/disconnect", None, None, True),
    ]


@in_virtual_time
async def test_no_connect_leaves_while_a_session_is_handed_over_and_none_comes_back(setup: _Setup) -> None:
    setup.session.is_handing_over = True
    polling = asyncio.create_task(setup.transport.exchange([requests.connect("abc", "long-polling")]))
    await settle()
    assert not polling.done()
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling
    assert setup.sent() == []
    answer = Message(channel="/a", id="3", successful=True)
    await setup.wrapped.context.receive(
        [Message(channel="/a", data=1), Message(channel="/meta/connect", successful=True), answer]
    )
    assert setup.received == [answer]


@in_virtual_time
async def test_a_subscribe_releases_the_events_that_wait_for_it_before_it_is_sent(setup: _Setup) -> None:
    setup.early.expect(["/a"])
    event = Message(channel="/a", data=1)
    await setup.wrapped.context.receive([event])
    assert setup.received == []
    await setup.transport.exchange([requests.publish("/b", 1)])
    assert setup.received == []
    await setup.transport.exchange([requests.subscribe("abc", ["/b", "/a"])])
    assert setup.received == [event]


@pytest.mark.parametrize(
    ("subscription", "channels"), [("/a", ["/a"]), (["/a", "/b"], ["/a", "/b"]), (None, []), ([], [])]
)
def test_the_channels_of_a_subscribe(subscription: Any, channels: list[str]) -> None:
    assert channels_of(Message(channel="/meta/subscribe", subscription=subscription)) == channels
