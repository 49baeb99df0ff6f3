"""One test for each hook: when a client calls it, and with what."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click
import httpx
import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import AsyncClient, BayeuxClient, Drop, Message, Redelivery, hookimpl
from pybayeux.errors import BayeuxError, ExtensionHookError, MessageDropped, PublishError, TransportError
from pybayeux.extensions.catalogue import HookManager
from pybayeux.extensions.hook_function import hook_functions
from pybayeux.extensions.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux.transports.base import TransportRequest, TransportResponse


def noting(hook: str, calls: list[Any], parameters: str, result: Any = None) -> Any:
    """An extension that has this hook alone, and notes what it is called with."""
    scope: dict[str, Any] = {"calls": calls, "result": result}
    names = [name.strip() for name in parameters.split(",")]
    exec(f"def {hook}(self, {parameters}):\n calls.append(({', '.join(names)},))\n return result", scope)
    return type("Noting", (), {hook: hookimpl(scope[hook])})()


async def conversation(server: FakeServer, *extensions: object) -> AsyncClient:
    """A client connects, receives an event, publishes, and closes."""
    async with make_client(server, *extensions) as client, client.subscribe("/a") as events:
        server.push("/a", 1)
        await anext(events)
        await client.publish("/b", 2)
    return client


@in_virtual_time
async def test_hook_outgoing() -> None:
    calls: list[Any] = []
    client = await conversation(FakeServer(), noting("outgoing", calls, "message, client"))
    channels = [message.channel for message, _ in calls]
    assert channels[0] == "/meta/handshake"
    assert channels.count("/b") == channels.count("/meta/disconnect") == 1
    assert all(given is client for _, given in calls)


@in_virtual_time
async def test_hook_incoming() -> None:
    calls: list[Any] = []
    server, veto = FakeServer(), Drop("not today")
    await conversation(server, noting("incoming", calls, "message, client"))
    assert [message.data for message, _ in calls if message.channel == "/a"] == [1]
    async with make_client(FakeServer(), noting("incoming", [], "message, client", veto)) as client:
        with pytest.raises(MessageDropped, match="not today"):
            await client.publish("/b", 2)


@in_virtual_time
async def test_hook_registered() -> None:
    calls: list[Any] = []
    client = await conversation(FakeServer(), noting("registered", calls, "name, client"))
    assert calls == [("noting", client)]


@in_virtual_time
async def test_hook_unregistered() -> None:
    calls: list[Any] = []
    async with make_client(FakeServer(), noting("unregistered", calls, "name, client")) as client:
        assert calls == []
    assert calls == [("noting", client)]


@in_virtual_time
async def test_hook_delivered() -> None:
    calls: list[Any] = []
    await conversation(FakeServer(), noting("delivered", calls, "message, client"))
    assert [(message.channel, message.data) for message, _ in calls] == [("/a", 1)]


@in_virtual_time
async def test_hook_unsubscribed() -> None:
    calls: list[Any] = []
    async with make_client(FakeServer(), noting("unsubscribed", calls, "channel")) as client:
        first, second = await client.subscribe("/a"), await client.subscribe("/a")
        await first.unsubscribe()
        assert calls == []
        await second.unsubscribe()
        assert calls == [("/a",)]


@in_virtual_time
async def test_hook_diagnose() -> None:
    calls: list[Any] = []
    async with make_client(FakeServer(), noting("diagnose", calls, "findings, client")):
        assert calls == []  # for a diagnosis alone
    extension = noting("diagnose", calls, "findings, client")
    client, findings = BayeuxClient("http://host", discover=False, extensions=[FakeServer(), extension]), Findings()
    await client.handshake()
    await client.diagnose(findings)
    await client.close()
    assert calls == [(findings, client)]


class Findings:
    """What a diagnosis adds to."""

    def add_problem(self, what: str, remedy: str = "") -> None: ...

    def add_note(self, what: str, remedy: str = "") -> None: ...


@in_virtual_time
async def test_hook_redelivery() -> None:
    calls: list[Any] = []
    server, extension = FakeServer(), noting("redelivery", calls, "client", Redelivery())
    async with make_client(server, extension, queue_size=1) as client, client.subscribe("/a") as events:
        server.push("/a", 1)
        await asyncio.sleep(2)
        assert (calls, client.accepting, events.pending) == ([(client,)], False, 1)


@in_virtual_time
async def test_hook_extend_timeout() -> None:
    calls: list[Any] = []
    server, extension = FakeServer(), noting("extend_timeout", calls, "message, client", 100.0)
    async with make_client(server, extension) as client:
        server.silent.add("/b")
        waiting = asyncio.ensure_future(client.publish("/b", 1))
        await asyncio.sleep(60)
        assert not waiting.done()
        assert [message.channel for message, _ in calls] == ["/b"]
        waiting.cancel()


@in_virtual_time
async def test_hook_channel_error() -> None:
    calls: list[Any] = []
    error = BayeuxError("the disk of the server is full")
    async with make_client(FakeServer(), noting("channel_error", calls, "channel", error)) as client:
        assert client.health.ready
        await client.subscribe("/a")
        health = client.health
        assert (health.ready, health.inactive) == (False, {"/a": error})
        assert calls[-1] == ("/a",)


@in_virtual_time
async def test_a_redelivery_is_asked_for_when_there_is_room() -> None:
    calls: list[Any] = []
    server = FakeServer()
    slow = noting("redelivery", [], "client", Redelivery(lambda: calls.append("asked")))
    async with make_client(server, slow, queue_size=1) as client, client.subscribe("/a") as events:
        server.push("/a", 1)
        await asyncio.sleep(2)
        server.push("/a", 2)
        await asyncio.sleep(2)
        assert calls == []
        await anext(events)
        assert calls == ["asked"]


@in_virtual_time
async def test_a_redelivery_that_cannot_be_asked_for_is_reported() -> None:
    server, witness = FakeServer(), Witness()
    slow = noting("redelivery", [], "client", Redelivery(lambda: [].pop()))
    async with make_client(server, slow, witness, queue_size=1) as client, client.subscribe("/a") as events:
        server.push("/a", 1)
        await asyncio.sleep(2)
        server.push("/a", 2)
        await asyncio.sleep(2.5)  # between two polls
        await anext(events)
        assert client.accepting
    failed = [error for error in witness.errors if isinstance(error, ExtensionHookError)]
    assert [(error.extension, error.hook) for error in failed] == [("noting", "redelivery")]


@in_virtual_time
async def test_hook_transaction() -> None:
    calls: list[Any] = []
    server, extension = FakeServer(), noting("transaction", calls, "message, client, earlier", nullcontext("tx"))
    async with make_client(server, extension) as client:
        events = await client.subscribe("/a", ack="manual")
        server.push("/a", 1)
        async with (await anext(events)).transaction() as transaction:
            assert transaction == "tx"
        assert [(message.data, given, [*earlier]) for message, given, earlier in calls] == [(1, client, [])]


@in_virtual_time
async def test_hook_dead_letter() -> None:
    def fail(event: Message) -> None:
        raise KeyError("oops")

    calls: list[Any] = []
    server = FakeServer()
    extension = noting("dead_letter", calls, "message, subscription, error, client", "a box")
    async with make_client(server, extension) as client:
        await client.subscribe("/a/*", fail, on_error="dead_letter")
        server.push("/a/b", 1)
        await settle()
        ((message, subscription, error, given),) = calls
        assert (message.data, subscription, given) == (1, "/a/*", client)
        assert isinstance(error.__cause__, KeyError)


@in_virtual_time
async def test_hook_interpret_error() -> None:
    calls: list[Any] = []
    meant = PublishError("/b")
    server, extension = FakeServer(), noting("interpret_error", calls, "error, client", meant)
    async with make_client(server, extension) as client:
        server.refuse_next("/b", "403::no")
        with pytest.raises(PublishError) as raised:
            await client.publish("/b", 1)
        assert raised.value is meant
        assert [(type(error), given) for error, given in calls] == [(PublishError, client)]


def test_hook_resolve_url() -> None:
    calls: list[Any] = []
    extension = noting("resolve_url", calls, "url", "https://host/cometd")
    client = AsyncClient("acme://shop", extensions=[extension], discover=False)
    assert (client.url, calls) == ("https://host/cometd", [("acme://shop",)])


@in_virtual_time
async def test_hook_state_changed() -> None:
    calls: list[Any] = []
    client = await conversation(FakeServer(), noting("state_changed", calls, "old, new, client"))
    assert [new.value for _, new, _ in calls][:4] == ["handshaking", "handshaken", "connecting", "connected"]
    assert calls[0][0].value == "disconnected"
    assert calls[-1][2] is client


@in_virtual_time
async def test_hook_failed() -> None:
    calls: list[Any] = []
    server, error = FakeServer(), TransportError("lost")
    async with make_client(server, noting("failed", calls, "error, client")) as client:
        server.fail(error)
        await settle()
        assert calls == [(error, client)]


def over_http(answer: Callable[[httpx.Request], httpx.Response], *extensions: object) -> AsyncClient:
    """A client over HTTP."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return AsyncClient("https://host/bayeux", http=http, discover=False, extensions=extensions)


@in_virtual_time
async def test_hook_request() -> None:
    asked: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(404)

    class Signed:
        @hookimpl
        def request(self, request: TransportRequest) -> None:
            request.headers["X-Signature"] = "s"
            request.url += "?signed"

    with pytest.raises(Exception, match="404"):
        await over_http(refuse, Signed()).start()
    assert (str(asked[0].url), asked[0].headers["X-Signature"]) == ("https://host/bayeux?signed", "s")


@in_virtual_time
async def test_hook_response() -> None:
    seen: list[tuple[int, str]] = []

    class Watching:
        @hookimpl
        def response(self, response: TransportResponse) -> None:
            seen.append((response.status, response.headers["X-Session"]))

    with pytest.raises(Exception, match="404"):
        await over_http(lambda request: httpx.Response(404, headers={"X-Session": "7"}), Watching()).start()
    assert seen == [(404, "7")]


@in_virtual_time
async def test_hook_register_transports() -> None:
    server = FakeServer()  # brings its transport by this hook
    await conversation(server)
    assert server.messages("/meta/handshake")


def test_hook_register_commands() -> None:
    class Command:
        @hookimpl
        def register_commands(self, cli: click.Group) -> None:
            cli.add_command(click.Command("hello"))

    manager, cli = HookManager(), click.Group()
    manager.register(Command())
    implementations = hook_functions("register_commands", manager.hook.register_commands.get_hookimpls())
    pipeline: Pipeline[[click.Group], None] = Pipeline("register_commands", implementations)
    pipeline.call(cli)
    assert list(cli.commands) == ["hello"]
