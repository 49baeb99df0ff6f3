"""How a start ends that cannot succeed, or takes too long."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, BayeuxClient, Message, hookimpl
from pybayeux.errors import (
    BayeuxError,
    ClientStateError,
    ExtensionHookError,
    SessionEndedError,
    TransportError,
    UsageError,
)
from pybayeux.testing import ScriptedServer, in_virtual_time

if TYPE_CHECKING:
    from collections.abc import Generator


class Unencodable:
    @hookimpl
    def outgoing(self, message: Message) -> None:
        message.get_ext(create=True)["com.example.sig"] = object()


class UnencodableLater:
    @hookimpl
    async def outgoing(self, message: Message) -> None:
        await asyncio.sleep(0.1)
        message.get_ext(create=True)["com.example.sig"] = object()


class UnencodableAround:
    @hookimpl(wrapper=True)
    def outgoing(self, message: Message) -> Generator[None, Any, Any]:
        result = yield
        message.get_ext(create=True)["com.example.sig"] = object()
        return result


class NoMapping:
    @hookimpl
    def outgoing(self, message: Message) -> None:
        message.ext = ["com.example.sig"]  # type: ignore[assignment]


class WrongResult:
    @hookimpl
    def outgoing(self, message: Message) -> Any:
        return message


class Forgotten:
    @hookimpl
    def outgoing(self, message: Message) -> None:
        len(None)  # type: ignore[arg-type]


class Mistyped:
    @hookimpl
    def request(self, request: Any) -> None:
        request.header["X-Sig"] = "1"


class Innocent:
    """Registered after the others, so that its `outgoing` is called before theirs."""

    @hookimpl
    def outgoing(self, message: Message) -> None:
        message.get_ext(create=True)["fine"] = {"set": {1}}


NOT_JSON = r"ext\['com.example.sig'\] cannot be expressed in JSON"
MISTAKES = [
    (Unencodable, "extension 'mistake' failed in outgoing: TypeError: " + NOT_JSON),
    (UnencodableLater, "extension 'mistake' failed in outgoing: TypeError: " + NOT_JSON),
    (UnencodableAround, "extension 'mistake' failed in outgoing: TypeError: " + NOT_JSON),
    (NoMapping, "extension 'mistake' failed in outgoing: TypeError: ext: expected a dict, got list"),
    (WrongResult, "extension 'mistake' failed in outgoing: TypeError: expected None or Drop, got Message"),
    (Forgotten, "extension 'mistake' failed in outgoing: TypeError: object of type 'NoneType' has no len"),
    (Mistyped, "extension 'mistake' failed in request: AttributeError: "),
]


def make(kind: type, *others: object, **arguments: Any) -> AsyncClient:
    extension = kind()
    extension.name = "mistake"
    extensions = [ScriptedServer(), extension, *others]
    return AsyncClient("http://x/cometd?token=s3cret", extensions=extensions, discover=False, **arguments)


@pytest.mark.parametrize(("kind", "text"), MISTAKES)
@in_virtual_time
async def test_a_mistake_in_a_hook_ends_the_start(kind: type, text: str) -> None:
    client = make(kind, Innocent())
    with pytest.raises(SessionEndedError, match=f"the handshake cannot succeed: {text}") as caught:
        await client.start()
    assert isinstance(caught.value.__cause__, ExtensionHookError)
    assert (caught.value.__cause__.extension, client.state) == ("mistake", "disconnected")


OWN = [
    ValueError("the key is no number"),
    KeyError("TENANT"),
    IndexError("0"),
    ZeroDivisionError("0"),
    AssertionError("a key"),
    NotImplementedError("rotate"),
    RecursionError("deep"),
    ModuleNotFoundError("acme"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "the key is no text"),
    StopIteration("no key"),
]


@pytest.mark.parametrize("error", OWN, ids=lambda error: type(error).__name__)
@in_virtual_time
async def test_an_exception_of_pythons_own_ends_the_start(error: Exception) -> None:
    class OnHandshake:
        @hookimpl
        def outgoing(self, message: Message) -> None:
            if message.channel == "/meta/handshake":
                raise error

    with pytest.raises(SessionEndedError, match=rf"failed in outgoing: {type(error).__name__}") as caught:
        await make(OnHandshake).start()
    assert isinstance(caught.value.__cause__, ExtensionHookError)
    assert caught.value.__cause__.__cause__ is error


class LibraryError(Exception):
    """What a library raises where its own server is down."""


PASSING = [
    ConnectionError("the token service is down"),
    TimeoutError("the token service is slow"),
    RuntimeError("the token service is down"),
    LibraryError("the token service is down"),
    json.JSONDecodeError("the token service answers with a page", "<html>", 0),
    ExceptionGroup("two token services", [ConnectionError("down"), ConnectionError("down")]),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
@in_virtual_time
async def test_another_error_in_a_hook_is_tried_again(error: Exception) -> None:
    class NotYet:
        attempts = 0

        @hookimpl
        def outgoing(self) -> None:
            self.attempts += 1
            if self.attempts < 4:
                raise error

    async with make(NotYet) as client:
        assert client.state == "connected"


@in_virtual_time
async def test_once_connected_a_mistake_is_tried_again() -> None:
    """It may have to do with one session alone, and events would be lost by giving up."""

    class Sometimes:
        handshakes = 0

        @hookimpl
        def outgoing(self, message: Message) -> None:
            self.handshakes += message.channel == "/meta/handshake"
            if self.handshakes == 2:
                raise TypeError("this once")

    async with make(Sometimes) as client:
        client.rehandshake("for the test")
        await asyncio.sleep(60)
        assert client.state == "connected"


@in_virtual_time
async def test_the_low_level_client_names_it_too() -> None:
    extensions = [ScriptedServer(), Unencodable()]
    client = BayeuxClient("http://x/", extensions=extensions, discover=False)
    with pytest.raises(ExtensionHookError, match=NOT_JSON):
        await client.handshake()
    await client.close()


# -- in time


class Offline:
    @hookimpl
    def outgoing(self) -> None:
        raise ConnectionError("the token service is down")


FAILURE = "; the last failure: ExtensionHookError: extension 'mistake' failed in outgoing: ConnectionError: the token"


@pytest.mark.parametrize("is_argument", [False, True])
@in_virtual_time
async def test_a_start_that_takes_too_long_says_what_failed_last(is_argument: bool) -> None:
    client = make(Offline, start_timeout=20 if is_argument else 1000)
    with pytest.raises(TimeoutError, match=f"http://x/cometd: not connected within 20 seconds{FAILURE}") as caught:
        await client.start(None if is_argument else 20)
    assert "s3cret" not in str(caught.value)
    assert client.state == "disconnected"


@in_virtual_time
async def test_the_block_waits_no_longer_than_its_timeout() -> None:
    server = ScriptedServer()
    server.fail(*[TransportError("the network is down")] * 1000)
    client = AsyncClient("http://x/", extensions=[server], discover=False, start_timeout=20)
    with pytest.raises(TimeoutError, match="20 seconds; the last failure: TransportError: the network is down"):
        async with client:
            raise AssertionError("it is not connected")


@in_virtual_time
async def test_a_hook_that_never_returns_is_no_riddle() -> None:
    class Hangs:
        @hookimpl
        async def registered(self) -> None:
            await asyncio.sleep(1e6)

    with pytest.raises(TimeoutError, match=r"no failure was reported: .* a hook may never return"):
        await make(Hangs).start(20)


@in_virtual_time
async def test_waiting_for_a_state_says_what_failed_last() -> None:
    client = make(Offline)
    start = asyncio.ensure_future(client.start())
    await asyncio.sleep(1)
    with pytest.raises(TimeoutError, match=f"http://x/cometd: not connected within 7.5 seconds{FAILURE}"):
        await client.wait_for("connected", 7.5)
    await client.close()
    with pytest.raises(ClientStateError):
        await start


@in_virtual_time
async def test_a_second_start_leaves_the_first_alone() -> None:
    async with make(Innocent) as client:
        with pytest.raises(ClientStateError):
            await client.start()
        assert client.state == "connected"


def test_the_timeout_is_a_positive_number() -> None:
    with pytest.raises(UsageError, match="start_timeout: expected a number greater than zero; got 0"):
        make(Innocent, start_timeout=0)


@in_virtual_time
async def test_an_ext_that_cannot_be_sent_with_the_connect_names_its_extension() -> None:
    class OnConnect:
        name = "mistake"

        @hookimpl
        def outgoing(self, message: Message) -> None:
            if message.channel == "/meta/connect":
                message.get_ext(create=True)["com.example.sig"] = object()

    client = make(OnConnect, Innocent())
    text = "the connect cannot succeed: extension 'mistake' failed in outgoing: TypeError: " + NOT_JSON
    with pytest.raises(SessionEndedError, match=text):
        await client.start()


@in_virtual_time
async def test_the_same_error_of_a_hook_is_logged_once_then_counted(caplog: pytest.LogCaptureFixture) -> None:
    class Down:
        @hookimpl
        def outgoing(self) -> None:
            raise ConnectionError("the token service is down")

    failures = []

    class Alarm:
        @hookimpl
        def failed(self, error: BayeuxError) -> None:
            failures.append(error)

    client = make(Down, Alarm())
    with pytest.raises(TimeoutError, match="the token service is down"):
        await client.start(timeout=600)
    logged = [record.getMessage() for record in caplog.records if "token service" in record.getMessage()]
    first = "extension 'mistake' failed in outgoing: ConnectionError: the token service is down"
    assert logged[:2] == [f"ExtensionHookError: {first}", f"ExtensionHookError: {first} (10 times by now)"]
    assert logged[2:] == [f"{first} ({len(failures)} times in all)"]
    assert len(failures) > 10
