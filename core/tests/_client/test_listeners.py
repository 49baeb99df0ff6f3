from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from core.tests.virtual_time import in_virtual_time
from pybayeux import Message
from pybayeux._client.listeners import Listeners
from pybayeux.errors import BayeuxError, ReceiverError

if TYPE_CHECKING:
    from collections.abc import Awaitable

CONNECT = Message(channel="/meta/connect", successful=True)
HANDSHAKE = Message(channel="/meta/handshake", successful=True)


class Hall:
    """Listeners, what was reported, and what is left to await."""

    def __init__(self) -> None:
        self.errors: list[BayeuxError] = []
        self.aside: list[Awaitable[Any]] = []
        self.listeners = Listeners(self.errors.append, self.aside.append)


def test_each_listener_hears_its_channel_alone() -> None:
    hall = Hall()
    connects: list[Message] = []
    handshakes: list[Message] = []
    hall.listeners.add("/meta/connect", connects.append)
    hall.listeners.add("/meta/handshake", handshakes.append)
    hall.listeners.add("/meta/connect", connects.append)
    hall.listeners.tell([CONNECT, HANDSHAKE])
    assert (connects, handshakes) == ([CONNECT, CONNECT], [HANDSHAKE])


def test_a_removed_listener_hears_nothing() -> None:
    hall = Hall()
    heard: list[Message] = []
    listener = hall.listeners.add("/meta/connect", heard.append)
    other = hall.listeners.add("/meta/connect", heard.append)
    listener.remove()
    listener.remove()
    hall.listeners.tell([CONNECT])
    other.remove()
    hall.listeners.tell([CONNECT])
    assert heard == [CONNECT]


def test_a_listener_may_remove_itself_while_it_listens() -> None:
    hall = Hall()
    heard: list[Message] = []

    def once(message: Message) -> None:
        heard.append(message)
        listener.remove()

    listener = hall.listeners.add("/meta/connect", once)
    hall.listeners.add("/meta/connect", heard.append)
    hall.listeners.tell([CONNECT, CONNECT])
    assert len(heard) == 3


def test_a_listener_that_fails_is_reported_and_stops_nothing() -> None:
    hall = Hall()
    heard: list[Message] = []
    hall.listeners.add("/meta/connect", lambda message: 1 // 0)
    hall.listeners.add("/meta/connect", heard.append)
    hall.listeners.tell([CONNECT])
    assert heard == [CONNECT]
    (error,) = hall.errors
    assert isinstance(error, ReceiverError)
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert error.channel == "/meta/connect"


@in_virtual_time
async def test_what_a_listener_leaves_to_await_is_awaited_aside() -> None:
    hall = Hall()
    heard: list[Message] = []

    async def listen(message: Message) -> None:
        heard.append(message)

    async def fail(message: Message) -> None:
        raise KeyError

    hall.listeners.add("/meta/connect", listen)
    hall.listeners.add("/meta/connect", fail)
    hall.listeners.tell([CONNECT])
    assert (heard, len(hall.aside)) == ([], 2)
    for later in hall.aside:
        assert inspect.isawaitable(later)
        await later
    assert heard == [CONNECT]
    assert isinstance(hall.errors[0].__cause__, KeyError)
