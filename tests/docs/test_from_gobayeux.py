"""The page for those who come from gobayeux has everything that gobayeux exports, and all that it says is so."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import AsyncClient, BayeuxClient, ConnectionState, Message, errors
from pybayeux.cli import main as command
from pybayeux.errors import PublishError
from pybayeux_devserver import DevServer
from tests.docs.markdown import ROOT, Block, blocks
from tests.docs.names import check_name, resolved
from tests.docs.page import Page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

PATH: Final = ROOT / "docs" / "from-gobayeux.md"

# What gobayeux exports, its first version and its second: types, their fields and methods, functions, constants.
EXPORTED: Final = """
ConnectionTypeLongPolling ConnectionTypeCallbackPolling ConnectionTypeIFrame

Advice Advice.Reconnect Advice.Timeout Advice.Interval Advice.MultipleClients Advice.Hosts
Advice.IntervalAsDuration Advice.TimeoutAsDuration
Advice.MustNotRetryOrHandshake Advice.ShouldHandshake Advice.ShouldRetry

BayeuxClient NewBayeuxClient BayeuxClient.Handshake BayeuxClient.Connect BayeuxClient.Subscribe
BayeuxClient.Unsubscribe BayeuxClient.Disconnect BayeuxClient.UseExtension

Channel MetaHandshake MetaConnect MetaSubscribe MetaUnsubscribe MetaDisconnect
Channel.HasWildcard Channel.IsValid Channel.Match Channel.MatchString Channel.Type
ChannelType MetaChannel ServiceChannel BroadcastChannel

Client NewClient Client.Start Client.Subscribe Client.SubscribeWithContext Client.Unsubscribe
Client.UnsubscribeWithContext Client.Disconnect Client.Publish Client.UseExtension

ConnectRequestBuilder NewConnectRequestBuilder ConnectRequestBuilder.AddClientID
ConnectRequestBuilder.AddConnectionType ConnectRequestBuilder.Build
DisconnectRequestBuilder NewDisconnectRequestBuilder DisconnectRequestBuilder.AddClientID
DisconnectRequestBuilder.Build
HandshakeRequestBuilder NewHandshakeRequestBuilder HandshakeRequestBuilder.AddMinimumVersion
HandshakeRequestBuilder.AddVersion HandshakeRequestBuilder.AddSupportedConnectionType HandshakeRequestBuilder.Build
SubscribeRequestBuilder NewSubscribeRequestBuilder SubscribeRequestBuilder.AddClientID
SubscribeRequestBuilder.AddSubscription SubscribeRequestBuilder.Build
UnsubscribeRequestBuilder NewUnsubscribeRequestBuilder UnsubscribeRequestBuilder.AddClientID
UnsubscribeRequestBuilder.AddSubscription UnsubscribeRequestBuilder.Build

ConnectionStateMachine NewConnectionStateMachine ConnectionStateMachine.CurrentState
ConnectionStateMachine.IsConnected ConnectionStateMachine.ProcessEvent
Event StateRepresentation

Message Message.Advice Message.ID Message.Channel Message.ClientID Message.Data Message.Version
Message.MinimumVersion Message.SupportedConnectionTypes Message.ConnectionType Message.Timestamp Message.Successful
Message.AuthSuccessful Message.Subscription Message.Error Message.Ext
Message.GetExt Message.ParseError Message.TimestampAsTime
MessageError MessageError.ErrorCode MessageError.ErrorArgs MessageError.ErrorMessage

MessageExtender MessageExtender.Outgoing MessageExtender.Incoming MessageExtender.Registered
MessageExtender.Unregistered

Option Options Options.Logger Options.Client Options.Transport Options.IgnoreError
WithHTTPClient WithHTTPTransport WithLogger WithFieldLogger WithSlogLogger WithIgnoreError IgnoreErrorFunc Logger

ErrClientNotConnected ErrTooManyMessages ErrBadChannel ErrFailedToConnect ErrNoSupportedConnectionTypes ErrNoVersion
ErrMissingClientID ErrMissingConnectionType
ConnectionFailedError HandshakeFailedError SubscriptionFailedError SubscriptionFailedError.Channels
UnsubscribeFailedError UnsubscribeFailedError.Channels ActionFailedError ActionFailedError.Action
ActionFailedError.ErrorMessage DisconnectFailedError AlreadyRegisteredError
BadResponseError BadResponseError.StatusCode BadResponseError.Status BadResponseError.Body
BadConnectionTypeError BadConnectionTypeError.ConnectionType BadConnectionVersionError
BadConnectionVersionError.Version InvalidChannelError InvalidChannelError.Channel EmptySliceError ErrMessageUnparsable
BadStateError BadStateError.CurrentState BadStateError.FromState BadStateError.ToState BadStateError.Message
BadHandshakeError BadConnectionError UnknownEventTypeError UnknownEventTypeError.Event

replay.New replay.Extension replay.Extension.Outgoing replay.Extension.Incoming replay.IDStore
replay.MapStorage replay.NewMapStorage replay.MapStorage.Set replay.MapStorage.Get replay.MapStorage.Delete
replay.MapStorage.AsMap
salesforce.StaticTokenAuthenticator salesforce.StaticTokenAuthenticator.RoundTrip
cmd/testutil
"""

_ROW: Final = re.compile(
    r"^\| (?P<theirs>`.*?) \| (?P<ours>`.*?) \| `(?P<go>.*)`<br>`(?P<example>.*)` \|$", re.MULTILINE
)
_CODE: Final = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        line: The line it is on, counted from 1.
        theirs: Names of gobayeux.
        ours: Names of pybayeux.
        example: The second line of the example.
    """

    line: int
    theirs: list[str]
    ours: list[str]
    example: str


def rows() -> Iterator[Row]:
    page = PATH.read_text(encoding="utf-8")
    for match in _ROW.finditer(page):
        line = page.count("\n", 0, match.start()) + 1
        yield Row(line, _CODE.findall(match["theirs"]), _CODE.findall(match["ours"]), match["example"])


ROWS: Final = list(rows())


# -- nothing is forgotten, and every name is there


def test_every_row_was_read() -> None:
    lines = PATH.read_text(encoding="utf-8").splitlines()
    tabled = [number for number, line in enumerate(lines, 1) if line.startswith("| ")]
    assert [number for number in tabled if not lines[number - 1].startswith("| gobayeux |")] == [
        row.line for row in ROWS
    ]


def test_everything_that_gobayeux_exports_is_on_the_page_once() -> None:
    named = [name for row in ROWS for name in row.theirs]
    assert sorted(named) == sorted(EXPORTED.split())


@pytest.mark.parametrize("name", sorted({name for row in ROWS for name in row.ours}))
def test_every_name_of_ours_exists(name: str) -> None:
    if name.startswith("pybayeux "):
        assert name.split()[1] in command.commands
    else:
        check_name(name)


@pytest.mark.parametrize("name", ["Channel.nonsense", "Nonsense", "errors.ConnectError.nonsense"])
def test_a_name_that_does_not_exist_is_noticed(name: str) -> None:
    with pytest.raises((AttributeError, ModuleNotFoundError, KeyError)):
        resolved(name)


# -- every example does what the page says


def test_examples_do_what_they_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    asyncio.run(_run(module, request))


async def _run(module: ModuleType, request: pytest.FixtureRequest) -> None:
    items: list[Block | Row] = [*blocks(PATH, "python"), *ROWS]
    async with DevServer() as server:
        page = Page(module, server, request.getfixturevalue)
        publishing = asyncio.create_task(page.publish_orders())
        try:
            for item in sorted(items, key=lambda item: item.line):
                if isinstance(item, Block):
                    await page.run(item)
                elif item.example.startswith("pybayeux "):
                    await _run_command(item, server.url)
                else:
                    await page.run(_block(item))
        finally:
            publishing.cancel()
            for left in vars(module).values():
                if isinstance(left, BayeuxClient):
                    await left.close()


def _block(row: Row) -> Block:
    """The example as a block that prints what stands behind ``#``."""
    code, _, expected = row.example.partition("  # ")
    source = code
    if hasattr(errors, expected):
        source = f"try:\n    {code}\nexcept Exception as error: print(type(error).__name__)\nelse: print('-' * 80)"
    elif expected and _is_expression(code):
        source = f"print({code})"
    return Block(PATH, row.line - 1, "python", source, f"{expected}\n" if expected else "", "")


def _is_expression(code: str) -> bool:
    try:
        compile(code, "example", "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return False
    return True


async def _run_command(row: Row, url: str) -> None:
    arguments = re.sub(r"http://\S+", url, row.example).split()[1:]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pybayeux", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert b'"/orders"' in output


@pytest.mark.parametrize(
    "example", ["1 + 1  # 3", "requests.disconnect('x')  # MissingFieldError", "requests.disconnect('')  # UsageError"]
)
def test_an_example_that_does_something_else_is_noticed(example: str) -> None:
    async def run() -> None:
        async with DevServer() as server:
            await Page(ModuleType("page"), server, lambda name: None).run(_block(replace(ROWS[0], example=example)))

    with pytest.raises(AssertionError):
        asyncio.run(run())


# -- contexts: a call that was given up leaves the client usable, and nothing is sent twice


CALLS: Final[dict[str, Callable[[AsyncClient], Awaitable[Any]]]] = {
    "/meta/subscribe": lambda client: client.subscribe("/a"),
    "/p": lambda client: client.publish("/p", 1),
    "/service/s": lambda client: client.call("s", 1),
}


@pytest.mark.parametrize("timed_out", [False, True], ids=["cancelled", "timed out"])
@pytest.mark.parametrize("channel", CALLS)
@in_virtual_time
async def test_a_call_given_up_leaves_the_client_usable(channel: str, timed_out: bool) -> None:
    server = FakeServer()
    async with make_client(server) as client:
        server.silent.add(channel)
        await _give_up(_task(CALLS[channel](client)), timed_out)
        server.silent.clear()
        await asyncio.sleep(600)
        assert len(server.messages(channel)) == 1
        assert (client.state, client.client_id) == (ConnectionState.CONNECTED, "session-1")
        async with client.subscribe("/b") as events:
            server.push("/b", 1)
            assert (await anext(events)).data == 1
        assert (await client.publish("/q", 1)).successful


@pytest.mark.parametrize("timed_out", [False, True], ids=["cancelled", "timed out"])
@in_virtual_time
async def test_an_unsubscribe_given_up_is_carried_out_all_the_same(timed_out: bool) -> None:
    server = FakeServer()
    async with make_client(server) as client:
        events = await client.subscribe("/a")
        server.silent.add("/meta/unsubscribe")
        await _give_up(_task(client.unsubscribe("/a")), timed_out)
        assert events.closed
        server.silent.clear()
        await asyncio.sleep(600)
        assert [message.subscription for message in server.messages("/meta/unsubscribe")] == ["/a", "/a"]
        await client.subscribe("/a")
        assert server.subscriptions() == ["/a", "/a"]
        assert client.client_id == "session-1"


def _task(call: Awaitable[Any]) -> asyncio.Future[Any]:
    async def awaited() -> Any:
        return await call

    return asyncio.ensure_future(awaited())


async def _give_up(call: asyncio.Future[Any], timed_out: bool) -> None:
    if timed_out:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await call
    else:
        await settle()
        call.cancel()
        await asyncio.wait([call])
    assert call.cancelled()


@in_virtual_time
async def test_a_wait_given_up_changes_nothing() -> None:
    async with make_client(FakeServer()) as client:
        with pytest.raises(TimeoutError):
            await client.wait_for("unconnected", timeout=3)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await client.wait_for("unconnected")
        assert client.state is ConnectionState.CONNECTED


@in_virtual_time
async def test_a_start_given_up_can_be_made_again() -> None:
    server = FakeServer()
    client = make_client(server)
    server.silent.add("/meta/handshake")
    for limit in (1, None):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await client.start(limit)
        assert client.state is ConnectionState.DISCONNECTED
    server.silent.clear()
    await client.start()
    assert client.state is ConnectionState.CONNECTED
    await client.close()


# -- options


@in_virtual_time
async def test_an_option_that_is_none_is_the_default() -> None:
    server = FakeServer()
    none = [name for name, each in inspect.signature(AsyncClient).parameters.items() if each.default is None]
    assert {"http", "auth", "headers", "logger", "options", "transports", "backoff", "ignore_error"} <= set(none)
    options: dict[str, Any] = dict.fromkeys(none)
    async with AsyncClient("http://fake/cometd", extensions=[server], discover=False, **options) as client:
        assert (await client.publish("/a", 1)).successful
        server.refuse_next("/a", "403::no")
        with pytest.raises(PublishError):
            await client.publish("/a", 1)


# -- what is different in the receivers


@in_virtual_time
async def test_receivers_of_one_channel_get_every_event_each() -> None:
    server = FakeServer()
    handled: list[Any] = []

    def handle(event: Message) -> None:
        handled.append(event.data)

    async with make_client(server) as client:
        first, second = await client.subscribe("/a"), await client.subscribe("/a")
        await client.subscribe("/*", handle)
        server.push("/a", 1)
        assert [(await anext(events)).data for events in (first, second)] == [1, 1]
        await settle()
    assert handled == [1]
    assert server.subscriptions() == ["/a", "/*"]
