from __future__ import annotations

from core.tests.reporting import RecordingReporter
from core.tests.virtual_time import in_virtual_time
from pybayeux import Message
from pybayeux._client.background import BackgroundTasks
from pybayeux._client.listeners import Listeners
from pybayeux._client.user_calls import UserCalls
from pybayeux.errors import ReceiverError

CONNECT = Message(channel="/meta/connect", successful=True)
HANDSHAKE = Message(channel="/meta/handshake", successful=True)


class Setup:
    """Listeners, what was reported, and what runs in the background."""

    def __init__(self) -> None:
        self.reporter = RecordingReporter()
        self.background = BackgroundTasks(self.reporter)
        self.listeners = Listeners(self.reporter, self.background, UserCalls())


def test_each_listener_hears_its_channel_alone() -> None:
    setup = Setup()
    connects: list[Message] = []
    handshakes: list[Message] = []
    setup.listeners.add("/meta/connect", connects.append)
    setup.listeners.add("/meta/handshake", handshakes.append)
    setup.listeners.add("/meta/connect", connects.append)
    setup.listeners.notify([CONNECT, HANDSHAKE])
    assert (connects, handshakes) == ([CONNECT, CONNECT], [HANDSHAKE])


def test_a_removed_listener_hears_nothing() -> None:
    setup = Setup()
    heard: list[Message] = []
    listener = setup.listeners.add("/meta/connect", heard.append)
    other = setup.listeners.add("/meta/connect", heard.append)
    listener.remove()
    listener.remove()
    setup.listeners.notify([CONNECT])
    other.remove()
    setup.listeners.notify([CONNECT])
    assert heard == [CONNECT]


def test_a_listener_may_remove_itself_while_it_listens() -> None:
    setup = Setup()
    heard: list[Message] = []

    def once(message: Message) -> None:
        heard.append(message)
        listener.remove()

    listener = setup.listeners.add("/meta/connect", once)
    setup.listeners.add("/meta/connect", heard.append)
    setup.listeners.notify([CONNECT, CONNECT])
    assert len(heard) == 3


def test_a_listener_that_fails_is_reported_and_stops_nothing() -> None:
    setup = Setup()
    heard: list[Message] = []
    setup.listeners.add("/meta/connect", lambda message: 1 // 0)
    setup.listeners.add("/meta/connect", heard.append)
    setup.listeners.notify([CONNECT])
    assert heard == [CONNECT]
    (error,) = setup.reporter.errors
    assert isinstance(error, ReceiverError)
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert error.channel == "/meta/connect"


@in_virtual_time
async def test_an_asynchronous_listener_is_awaited_in_the_background() -> None:
    setup = Setup()
    heard: list[Message] = []

    async def listen(message: Message) -> None:
        heard.append(message)

    async def fail(message: Message) -> None:
        raise KeyError

    setup.listeners.add("/meta/connect", listen)
    setup.listeners.add("/meta/connect", fail)
    setup.listeners.notify([CONNECT])
    assert heard == []
    await setup.background.finish()
    assert heard == [CONNECT]
    assert isinstance(setup.reporter.errors[0].__cause__, KeyError)
