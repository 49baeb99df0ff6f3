"""The synchronous client used by sixteen threads at once, and closed under them: by a thread, a signal, the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Client, ConnectionState
from pybayeux.errors import BayeuxError
from tests.support.clients import IMPATIENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_devserver import BlockingServer

THREADS = 16
EVENTS = 20
PATIENCE = 60.0
TRANSPORTS = ("long-polling", "websocket")


def in_threads(work: Callable[[int], Any]) -> tuple[list[threading.Thread], SimpleQueue[BaseException]]:
    """Start the threads; returns them, and what they fail with."""
    failures: SimpleQueue[BaseException] = SimpleQueue()

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.put(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    return threads, failures


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(PATIENCE)
    assert not [thread for thread in threads if thread.is_alive()]


def make_client(server: BlockingServer, transport: str) -> Client:
    return Client(server.url, transports=[transport], discover=False, backoff=IMPATIENT)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_threads_publish_subscribe_and_receive_at_once(bayeux_server: BlockingServer, transport: str) -> None:
    before = set(threading.enumerate())
    common: SimpleQueue[int] = SimpleQueue()
    received: list[list[int]] = [[] for _ in range(THREADS)]
    with make_client(bayeux_server, transport) as client:
        client.subscribe("/common", lambda event: common.put(event.data))

        def work(number: int) -> None:
            with client.subscribe(f"/own/{number}") as events:
                for each in range(EVENTS):
                    client.publish(f"/own/{number}", each)
                    client.publish("/common", number * EVENTS + each)
                    received[number].append(next(events).data)
                with client.batch() as batch:
                    batch.publish(f"/own/{number}", EVENTS)
                received[number].append(next(events).data)

        threads, failures = in_threads(work)
        join(threads)
        assert failures.empty(), failures.get()
        assert received == [list(range(EVENTS + 1))] * THREADS
        assert sorted(common.get(timeout=PATIENCE) for _ in range(THREADS * EVENTS)) == list(range(THREADS * EVENTS))
        assert client.state is ConnectionState.CONNECTED
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_close_ends_what_all_threads_are_doing(bayeux_server: BlockingServer, transport: str) -> None:
    before = set(threading.enumerate())
    client = make_client(bayeux_server, transport)
    client.start()
    at_work = threading.Semaphore(0)

    def work(number: int) -> None:
        events = client.subscribe(f"/own/{number}")
        at_work.release()
        match number % 4:
            case 0:
                for _ in events:
                    pass
            case 1:
                while True:
                    client.publish(f"/own/{number}", 1)
            case 2:
                while True:
                    client.subscribe(f"/more/{number}").unsubscribe()
            case _:
                client.wait_for("unconnected")

    threads, failures = in_threads(work)
    for _ in threads:
        assert at_work.acquire(timeout=PATIENCE)
    closers = [threading.Thread(target=client.close) for _ in range(2)]
    for closer in closers:
        closer.start()
    join(closers)
    join(threads)
    assert client.state is ConnectionState.DISCONNECTED
    assert bayeux_server.sessions == []
    kinds = [type(failures.get()) for _ in range(failures.qsize())]
    assert len(kinds) >= THREADS * 3 // 4, "iterations end, other calls raise"
    assert all(issubclass(kind, BayeuxError) for kind in kinds), kinds
    client.close()  # a call that came after the first one has started the thread again, and was refused there
    assert set(threading.enumerate()) <= before


# -- signals, and the end of the interpreter

PROGRAM = """
import logging, signal, sys, threading
logging.basicConfig(level=logging.WARNING)
from pybayeux import Client
from pybayeux.errors import BayeuxError

client = Client(sys.argv[1], transports=[sys.argv[2]], discover=False)
signal.signal(signal.SIGTERM, lambda number, frame: client.close())

def ready():
    print("ready", flush=True)

def iterate():
    client.start()
    events = client.subscribe("/a")
    ready()
    for event in events:
        pass

def publish():
    client.start()
    ready()
    while True:
        client.publish("/a", 1)

def call():
    client.start()
    ready()
    client.call("never", 1)

def handle():
    client.start()
    done = threading.Event()
    client.subscribe("/a", lambda event: (ready(), done.wait(1)))
    client.publish("/a", 1)
    client.wait_for("disconnected")

try:
    {work}()
except BayeuxError:
    pass
assert client.state.value == "disconnected"
"""


def run_until(program: str, server: BlockingServer, transport: str, number: signal.Signals | None) -> tuple[int, str]:
    """Run a program until it is ready, and then to its end; returns its exit code and what it wrote."""
    command = [
        sys.executable,
        "-W",
        "default",
        "-W",
        "ignore::DeprecationWarning",
        "-c",
        program,
        server.url,
        transport,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            if number is not None:
                process.send_signal(number)
            _, written = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    return process.returncode, written


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("work", ["iterate", "publish", "call", "handle"])
def test_a_signal_handler_may_close_the_client(bayeux_server: BlockingServer, work: str, transport: str) -> None:
    program = PROGRAM.replace("{work}", work)
    assert run_until(program, bayeux_server, transport, signal.SIGTERM) == (0, "")
    assert bayeux_server.sessions == []


THREADED = """
import logging, sys, threading
logging.basicConfig(level=logging.WARNING)
from pybayeux import Client

client = Client(sys.argv[1], transports=[sys.argv[2]], discover=False)
client.start()
at_work = threading.Semaphore(0)

def iterate(number):
    events = client.subscribe(f"/own/{number}")
    at_work.release()
    for event in events:
        pass

for number in range(16):
    threading.Thread(target=iterate, args=(number,), daemon=True).start()
for number in range(16):
    at_work.acquire()
print("ready", flush=True)
"""


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_interpreter_ends_in_silence_while_threads_wait_for_events(
    bayeux_server: BlockingServer, transport: str
) -> None:
    assert run_until(THREADED, bayeux_server, transport, None) == (0, "")
    assert bayeux_server.sessions == [], "it has said goodbye"
