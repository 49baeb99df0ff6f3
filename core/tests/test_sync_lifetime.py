"""The life of a `Client` where threads, processes and interpreters end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer, Witness
from core.tests.test_sync import make_client
from pybayeux import Client, ConnectionState, HookClient, Message, hookimpl
from pybayeux.errors import BayeuxError, ClientStateError, ReceiverError
from pybayeux_devserver import BlockingServer, DevServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONG = 5.0


@pytest.fixture
def devserver() -> Iterator[BlockingServer]:
    with DevServer() as server:
        yield server


def echoing() -> FakeServer:
    """A server that sends what is published to the subscribers, as servers do."""
    server = FakeServer()
    server.echo = lambda message: [Message(channel="/a", data=message.data)] if message.channel == "/a" else []
    return server


class Signals:
    """Says that an error was reported."""

    def __init__(self, failed: threading.Semaphore) -> None:
        self._failed = failed

    @hookimpl
    def failed(self) -> None:
        self._failed.release()


# -- handlers


class PanicError(BaseException):
    """As of a native module."""


def stop(event: Message) -> None:
    next(iter(()))


def panic(event: Message) -> None:
    raise PanicError


def leave(event: Message) -> None:
    sys.exit("enough")


def cancel(event: Message) -> None:
    raise asyncio.CancelledError


async def leave_waiting(event: Message) -> None:
    await asyncio.sleep(0)
    sys.exit("enough")


@pytest.mark.parametrize("handler", [stop, panic, leave, cancel, leave_waiting])
def test_whatever_a_handler_raises_goes_to_its_policy_and_is_reported(handler: Callable[[Message], Any]) -> None:
    witness, failed = Witness(), threading.Semaphore(0)
    with make_client(echoing(), witness, Signals(failed)) as client:
        client.subscribe("/a", handler, on_error="skip")
        for number in range(2):
            client.publish("/a", number)
            assert failed.acquire(timeout=_LONG)
        assert client.state is ConnectionState.CONNECTED
    assert witness.delivered_data == [0, 1]
    assert [type(error) for error in witness.errors] == [ReceiverError] * 2


# -- close() from what the client waits for


class ClosesInHook:
    def __init__(self, done: threading.Event) -> None:
        self.done = done
        self.client: Client | None = None

    @hookimpl
    def delivered(self, message: Message, client: HookClient) -> None:
        assert self.client is not None
        self.client.close()
        self.done.set()


@pytest.mark.parametrize("where", ["handler", "async handler", "listener", "hook"])
def test_close_returns_at_once_and_the_rest_is_done_in_the_background(where: str) -> None:
    server, done = echoing(), threading.Event()
    extension = ClosesInHook(done)
    client = make_client(server, *[extension] * (where == "hook"))
    extension.client = client

    def handle(event: Message) -> None:
        client.close()
        done.set()

    async def handle_waiting(event: Message) -> None:
        handle(event)

    handlers: dict[str, Any] = {"handler": handle, "async handler": handle_waiting, "listener": None}
    client.start()
    if where == "listener":
        client.listen("/meta/subscribe", handle)
    with suppress(BayeuxError):  # it may be closed before the reply comes
        client.subscribe("/a", handlers.get(where, lambda event: None))
        client.publish("/a", 1)
    assert done.wait(_LONG)
    for thread in threading.enumerate():
        if thread.name == "pybayeux-close":
            thread.join(_LONG)
    assert client.state is ConnectionState.DISCONNECTED
    assert len(server.messages("/meta/disconnect")) == 1


# -- fork


def in_child(work: Callable[[], object]) -> str:
    """What came of some work in a forked process: what it returned, or raised."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)  # a child that hangs is killed
        try:
            said = repr(work())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(into, said.encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_gets_an_error_and_its_parent_goes_on(devserver: BlockingServer) -> None:
    with Client(devserver.url, discover=False) as client, client.subscribe("/a") as events:
        for work in (lambda: client.publish("/a", 1), lambda: next(events), client.subscribe("/b").unsubscribe):
            assert in_child(work).startswith("ClientStateError: this process was forked")
        assert in_child(client.close) == "None"
        assert client.publish("/a", 2).successful
        assert next(events).data == 2
        assert len(devserver.sessions) == 1


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_may_start_the_client_afresh(devserver: BlockingServer) -> None:
    def afresh() -> object:
        with client, client.subscribe("/b") as events:
            client.publish("/b", 1)
            return next(events).data

    with Client(devserver.url, discover=False) as client:
        assert in_child(afresh) == "1", "the child has a session of its own"
        assert client.publish("/a", 1).successful
    assert in_child(afresh) == "1", "it was closed before"
    assert in_child(lambda: Client(devserver.url, discover=False).start()) == "None"


# -- threads


def test_close_in_another_thread_ends_what_waits() -> None:
    server = FakeServer()
    server.silent.add("/service/never")
    client = make_client(server, max_network_delay=0.2)
    client.start()
    came: list[BaseException] = []

    def call() -> None:
        try:
            client.publish("/service/never", 1)
        except BaseException as error:
            came.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    while not server.messages("/service/never"):
        pass
    client.close()
    for thread in threads:
        thread.join(_LONG)
    assert len(came) == 4


# -- the end of the interpreter

_PROGRAM = """
import logging, sys, threading
logging.basicConfig(level=logging.WARNING)
from pybayeux import Client
client = Client(sys.argv[1], transports=[sys.argv[2]], discover=False)
client.start()
handled = threading.Event()
client.subscribe("/a", lambda event: handled.set())
events = client.subscribe("/b")
client.publish("/a", 1)
handled.wait(5)
"""


@pytest.mark.parametrize("transport", ["long-polling", "websocket"])
@pytest.mark.parametrize("end", ["", "sys.exit(0)", "del client, events; import gc; gc.collect()"])
def test_an_interpreter_with_an_open_client_ends_in_silence_with_a_goodbye(
    devserver: BlockingServer, transport: str, end: str
) -> None:
    program = [sys.executable, "-W", "default", "-W", "ignore::DeprecationWarning", "-c", _PROGRAM + end]
    done = subprocess.run([*program, devserver.url, transport], capture_output=True, text=True, timeout=60, check=True)
    if "del" not in end:
        assert (done.stdout, done.stderr) == ("", "")
        assert devserver.sessions == []
    else:
        assert "Traceback" not in done.stderr
        assert "destroyed" not in done.stderr


def test_a_stopped_client_raises_where_it_is_used(devserver: BlockingServer) -> None:
    client = Client(devserver.url, discover=False)
    with client:
        pass
    with pytest.raises(ClientStateError):
        client.publish("/a", 1)
