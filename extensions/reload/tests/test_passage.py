from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Message, requests
from pybayeux.transports.base import DONE
from pybayeux_reload.passage import Passage, channels_of
from pybayeux_reload.session import KeptSession
from pybayeux_reload.unclaimed import Unclaimed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pybayeux.transports.base import Completion


@dataclass
class _Context:
    receive: Callable[[list[Message]], Completion]
    url: str = "http://127.0.0.1/"


@dataclass
class _Behind:
    """The transport behind: notes what leaves, and answers nothing unless told to."""

    context: Any
    sent: list[Message] = field(default_factory=list)
    closed: bool = False

    async def exchange(self, messages: list[Message]) -> None:
        self.sent += messages

    async def close(self) -> None:
        self.closed = True


class _Stage:
    """A passage between a client, which notes what it gets, and a transport, which notes what it is given."""

    def __init__(self, folder: Path) -> None:
        self.received: list[Message] = []
        self.session = KeptSession(folder / "session.json")
        self.unclaimed = Unclaimed()
        self.behind: _Behind
        self.passage = Passage(self._make, _Context(self._receive), session=self.session, unclaimed=self.unclaimed)

    def _make(self, context: Any) -> _Behind:
        self.behind = _Behind(context)
        return self.behind

    def _receive(self, messages: list[Message]) -> Completion:
        self.received += messages
        return DONE

    def sent(self) -> list[str]:
        return [message.channel for message in self.behind.sent]


@pytest.fixture
def stage(tmp_path: Path) -> _Stage:
    return _Stage(tmp_path)


@in_virtual_time
async def test_everything_passes_in_both_directions(stage: _Stage) -> None:
    everything = [
        requests.handshake(["long-polling"]),
        requests.connect("abc", "long-polling"),
        requests.subscribe("abc", "/a"),
        requests.publish("/a", 1),
        requests.unsubscribe("abc", "/a"),
        requests.disconnect("abc"),
    ]
    for message in everything:
        await stage.passage.exchange([message])
    assert stage.behind.sent == everything
    batch = [Message(channel="/a", data=1), Message(channel="/meta/connect", successful=True)]
    await stage.behind.context.receive(batch)
    assert stage.received == batch
    await stage.passage.close()
    assert stage.behind.closed


@in_virtual_time
async def test_the_farewell_of_a_session_that_is_handed_over_is_answered_here(stage: _Stage) -> None:
    connect = requests.connect("abc", "long-polling")
    connect.id = "7"
    await stage.passage.exchange([connect])
    stage.session.leaving = True
    publish, unsubscribe, disconnect = (
        requests.publish("/a", 1),
        requests.unsubscribe("abc", "/a"),
        requests.disconnect("abc"),
    )
    await stage.passage.exchange([unsubscribe, publish])
    await stage.passage.exchange([disconnect])
    assert stage.sent() == ["/meta/connect", "/a"]
    assert [(each.channel, each.id, each.subscription, each.successful) for each in stage.received] == [
        ("/meta/unsubscribe", None, "/a", True),
        ("/meta/connect", "7", None, True),
        ("/meta/disconnect", None, None, True),
    ]


@in_virtual_time
async def test_no_connect_leaves_while_a_session_is_handed_over_and_none_comes_back(stage: _Stage) -> None:
    stage.session.leaving = True
    polling = asyncio.create_task(stage.passage.exchange([requests.connect("abc", "long-polling")]))
    await settle()
    assert not polling.done()
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling
    assert stage.sent() == []
    answer = Message(channel="/a", id="3", successful=True)
    await stage.behind.context.receive(
        [Message(channel="/a", data=1), Message(channel="/meta/connect", successful=True), answer]
    )
    assert stage.received == [answer]


@in_virtual_time
async def test_a_subscribe_claims_what_waits_for_it_before_it_leaves(stage: _Stage) -> None:
    stage.unclaimed.expect(["/a"])
    event = Message(channel="/a", data=1)
    await stage.behind.context.receive([event])
    assert stage.received == []
    await stage.passage.exchange([requests.publish("/b", 1)])
    assert stage.received == []
    await stage.passage.exchange([requests.subscribe("abc", ["/b", "/a"])])
    assert stage.received == [event]


@pytest.mark.parametrize(
    ("subscription", "channels"), [("/a", ["/a"]), (["/a", "/b"], ["/a", "/b"]), (None, []), ([], [])]
)
def test_the_channels_of_a_subscribe(subscription: Any, channels: list[str]) -> None:
    assert channels_of(Message(channel="/meta/subscribe", subscription=subscription)) == channels
