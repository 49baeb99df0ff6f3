"""The end of a client: by its own handlers and hooks, by exceptions that nothing expects, on another event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import VirtualTimeLoop, in_virtual_time, now, settle
from pybayeux import AsyncClient, ConnectionState, HookClient, Message, hookimpl
from pybayeux.errors import ClientStateError, ReceiverError, SessionEndedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


# -- close() from what the client waits for


class Closer:
    """An extension that closes its client in one hook, and notes how long that took."""

    def __init__(self) -> None:
        self.took: list[float] = []

    async def close(self, client: Any) -> None:
        began = now()
        await client.close()
        self.took.append(now() - began)


class ClosesInIncoming(Closer):
    @hookimpl
    async def incoming(self, message: Message, client: HookClient) -> None:
        if message.channel == "/a":
            await self.close(client)


class ClosesInOutgoing(Closer):
    @hookimpl
    async def outgoing(self, message: Message, client: HookClient) -> None:
        if message.channel == "/stop":
            await self.close(client)


class ClosesInState(Closer):
    @hookimpl
    async def state_changed(self, new: ConnectionState, client: HookClient) -> None:
        if new is ConnectionState.CONNECTED:
            await self.close(client)


@pytest.mark.parametrize("extension", [ClosesInIncoming, ClosesInOutgoing, ClosesInState])
@in_virtual_time
async def test_close_in_a_hook_returns_at_once(extension: type[Closer]) -> None:
    server, closer = FakeServer(), extension()
    client = make_client(server, closer)
    await client.start()
    began = now()
    if extension is not ClosesInState:
        await client.subscribe("/a")
        server.push("/a", 1)
        sending = asyncio.create_task(client.publish("/stop", 1))
        await asyncio.wait([sending])
        sending.exception()
    await client.wait_for(ConnectionState.DISCONNECTED)
    await client.close()
    assert closer.took == [0.0]
    assert now() - began < 1, "nothing has waited for itself"
    assert len(server.messages("/meta/disconnect")) == 1
    assert server.opened == 0


@in_virtual_time
async def test_close_in_a_handler_returns_at_once_and_the_block_waits_for_the_rest() -> None:
    server = FakeServer()
    done: list[float] = []
    server.silent.add("/meta/disconnect")
    async with make_client(server) as client:

        async def handle(event: Message) -> None:
            began = now()
            await client.close()
            done.append(now() - began)

        await client.subscribe("/a", handle)
        server.push("/a", 1)
        await asyncio.sleep(1)
        assert done == [0.0]
        assert len(server.messages("/meta/disconnect")) == 1
    assert (client.state, server.opened) == (ConnectionState.DISCONNECTED, 0)


@in_virtual_time
async def test_close_in_a_listener_returns_at_once() -> None:
    server, took = FakeServer(hold=10), []
    client = make_client(server)

    async def listen(message: Message) -> None:
        began = now()
        await client.close()
        took.append(now() - began)

    client.listen("/meta/connect", listen)
    await client.start()
    await client.wait_for(ConnectionState.DISCONNECTED)
    await settle()
    assert set(took) == {0.0}
    await client.close()
    assert server.opened == 0


# -- handlers that raise anything


class PanicError(BaseException):
    """As of a native module."""


async def cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(60))
    task.cancel()
    await task


def raising(error: BaseException) -> Callable[[Message], None]:
    def handle(event: Message) -> None:
        raise error

    return handle


def raising_async(error: BaseException | None) -> Callable[[Message], Coroutine[Any, Any, None]]:
    async def handle(event: Message) -> None:
        if error is None:
            await cancelled()
        else:
            raise error

    return handle


@pytest.mark.parametrize(
    "handler",
    [
        raising(StopIteration()),
        raising(PanicError()),
        raising(asyncio.CancelledError()),
        raising_async(PanicError()),
        raising_async(asyncio.CancelledError()),
        raising_async(None),
    ],
)
@in_virtual_time
async def test_whatever_a_handler_raises_goes_to_its_policy_and_is_reported(handler: Any) -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness) as client:
        skipping = await client.subscribe("/a", handler, on_error="skip")
        ending = await client.subscribe("/b", handler)
        server.push("/a", 1, 2)
        server.push("/b", 1)
        await settle()
        await asyncio.sleep(1)
        assert (skipping.closed, ending.closed) == (False, True)
        assert client.state is ConnectionState.CONNECTED
        assert witness.delivered_data == [1, 2]
        assert [type(error) for error in witness.errors] == [ReceiverError] * 3


# -- exceptions that nothing expects


class Breaking:
    """A server whose next exchange ends as the test says."""

    def __init__(self, server: FakeServer, error: BaseException) -> None:
        self.server, self.error = server, error

    def fail_next(self) -> None:
        self.server.failures.append(self.error)  # type: ignore[arg-type]
        self.server._news.set()


@pytest.mark.parametrize("error", [PanicError("native"), asyncio.CancelledError()])
@in_virtual_time
async def test_a_transport_that_raises_anything_ends_the_session_with_that(error: BaseException) -> None:
    server, witness = FakeServer(), Witness()
    client = make_client(server, witness)
    await client.start()
    subscription = await client.subscribe("/a")
    Breaking(server, error).fail_next()
    with pytest.raises(SessionEndedError, match=type(error).__name__) as ended:
        await anext(subscription)
    assert isinstance(ended.value.__cause__, type(error))
    with pytest.raises(SessionEndedError):
        await client.publish("/a", 1)
    assert ended.value in witness.errors
    await client.close()
    assert server.opened == 0


@in_virtual_time
async def test_a_task_that_another_cancels_ends_the_session_with_that() -> None:
    server = FakeServer()
    client = make_client(server)
    await client.start()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    with pytest.raises(SessionEndedError, match="cancelled by another"):
        await client.publish("/a", 1, timeout=60)
    await client.close()
    await client.start()
    await client.close()


@in_virtual_time
async def test_a_hook_whose_task_another_cancels_ends_the_session_too() -> None:
    class Slow:
        @hookimpl
        async def incoming(self, message: Message) -> None:
            if message.channel == "/a":
                await asyncio.sleep(60)

    server = FakeServer()
    client = make_client(server, Slow())
    await client.start()
    subscription = await client.subscribe("/a")
    server.push("/a", 1)
    await asyncio.sleep(1)
    (worker,) = [task for task in asyncio.all_tasks() if "IncomingQueue" in repr(task.get_coro())]
    worker.cancel()
    with pytest.raises(SessionEndedError):
        await anext(subscription)
    await client.close()


# -- another event loop


def on_a_loop(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work())


def stranded() -> tuple[FakeServer, AsyncClient]:
    """A client that was started on a loop that is closed now."""
    server = on_a_loop(_make_server)
    client = make_client(server)
    on_a_loop(client.start)
    return server, client


async def _make_server() -> FakeServer:
    return FakeServer()


def test_a_client_that_was_closed_works_on_another_loop() -> None:
    server = on_a_loop(_make_server)
    client = make_client(server)

    async def use() -> Any:
        server._news = asyncio.Event()
        async with client, client.subscribe("/a") as events:
            server.push("/a", 1)
            return (await anext(events)).data

    assert [on_a_loop(use) for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("name", ["publish", "subscribe", "wait_for"])
def test_a_client_that_was_not_closed_says_why_it_does_not_work_on_another_loop(name: str) -> None:
    _, client = stranded()
    # The loop was closed under it, which cancelled its tasks and ended the session.
    calls: dict[str, Callable[[], Any]] = {
        "publish": lambda: client.publish("/a", 1),
        "subscribe": lambda: client.subscribe("/a"),
        "wait_for": lambda: client.wait_for("connected"),
    }

    async def use() -> None:
        await calls[name]()

    with pytest.raises((ClientStateError, SessionEndedError), match=r"event loop that is closed|cancelled by another"):
        on_a_loop(use)


def test_a_client_that_was_not_closed_begins_afresh_on_another_loop() -> None:
    server, client = stranded()

    async def use() -> ConnectionState:
        server._news = asyncio.Event()
        async with client:
            return client.state

    assert on_a_loop(use) is ConnectionState.CONNECTED
    assert client.state is ConnectionState.DISCONNECTED


def test_a_loop_that_was_closed_without_its_tasks_strands_nothing() -> None:
    server = on_a_loop(_make_server)
    client = make_client(server)
    loop = VirtualTimeLoop()
    loop.run_until_complete(client.start())
    left = asyncio.all_tasks(loop)
    loop.close()

    async def use() -> ConnectionState:
        server._news = asyncio.Event()
        with pytest.raises(ClientStateError, match="event loop that is closed"):
            await client.publish("/a", 1)
        await client.close()
        async with client:
            return client.state

    assert on_a_loop(use) is ConnectionState.CONNECTED
    for task in left:
        setattr(task, "_log_destroy_pending", False)  # noqa: B010 - no public way to say so
        task.get_coro().close()


def test_a_client_of_a_loop_that_runs_is_not_to_be_called_on_another() -> None:
    server = on_a_loop(_make_server)
    client = make_client(server)
    loop = VirtualTimeLoop()
    loop.run_until_complete(client.start())

    async def use() -> None:
        with pytest.raises(ClientStateError, match="another event loop"):
            await client.publish("/a", 1)
        with pytest.raises(ClientStateError, match="another event loop"):
            await client.close()

    on_a_loop(use)
    loop.run_until_complete(client.close())
    loop.close()
