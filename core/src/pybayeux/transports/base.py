"""The interface of transports: what one has to do, what a client gives to it, and what opens its WebSockets.

Knows messages, and nothing of sessions. An extension that brings a transport of its own needs `Transport`,
`TransportContext` and `Completion`; one that brings another library for WebSockets needs `Dial`, `UpgradeCall`,
`UpgradeAnswer`, `Socket` and `SocketReceiver`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, runtime_checkable

from .._util.environment import proxy_for
from .._util.tls import trusted_certificates
from .cookies import CookieJar

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Generator, MutableMapping, Sequence

    from .._util.redact import Redactor
    from ..errors import BayeuxError, TransportError
    from ..message import Message

__all__ = (
    "DONE",
    "Completion",
    "Dial",
    "Receive",
    "Renewable",
    "Socket",
    "SocketReceiver",
    "Transport",
    "TransportContext",
    "TransportFactory",
    "TransportRequest",
    "TransportResponse",
    "UpgradeAnswer",
    "UpgradeCall",
    "WebSocketOptions",
)


class Completion(Protocol):
    """The end of something that a client does for a transport, usually reached when the call returns.

    An asyncio future is one. A coroutine awaits it; a callback asks `done` first and waits only where it has to. One
    that is done when it is returned has succeeded: what fails at once is raised by the call itself.
    """

    def done(self) -> bool:
        """Whether there is nothing to wait for."""

    def add_done_callback(self, callback: Callable[[Any], object], /) -> None:
        """Call this with the completion when it is done, in a later turn of the event loop."""

    def __await__(self) -> Generator[Any, None, object]:
        """Wait for it; raises what it failed with."""


class _Done:
    """A completion that needs no event loop and is shared by all who have nothing to wait for."""

    __slots__ = ()

    def done(self) -> bool:
        return True

    def add_done_callback(self, callback: Callable[[Any], object], /) -> None:
        asyncio.get_running_loop().call_soon(callback, self)

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


DONE: Final[Completion] = _Done()
"""What a call returns that has left nothing to wait for."""

Receive: TypeAlias = "Callable[[list[Message]], Completion]"


@dataclass(slots=True)
class TransportRequest:
    """One HTTP request or WebSocket upgrade before it leaves, whatever the transport's library.

    Extensions see it in the hook `request` and may change `url` and `headers` (case-insensitive) in place.
    """

    url: str
    headers: MutableMapping[str, str]
    connection_type: str

    def __repr__(self) -> str:
        return f"TransportRequest({self.connection_type!r}, headers={sorted(self.headers)})"


@dataclass(frozen=True, slots=True)
class TransportResponse:
    """The status and headers of an HTTP response, for the hook `response`."""

    url: str
    status: int
    headers: MutableMapping[str, str]
    connection_type: str

    def __repr__(self) -> str:
        return f"TransportResponse({self.connection_type!r}, status={self.status})"


@dataclass(frozen=True, slots=True)
class UpgradeCall:
    """One WebSocket to open; times are seconds.

    Attributes:
        url: The address, as ``ws:`` or ``wss:``.
        headers: To be sent beside those that make an upgrade, in this order.
        subprotocol: The subprotocol to ask for, or None.
        compression: Whether to offer permessage-deflate.
        max_message_size: Bytes of one message, decompressed, beyond which the socket is closed (1009), or None.
        open_timeout: How long connecting and upgrading may take together.
        ping_interval: How often to ping, or None for never.
        ping_timeout: How long the answer to a ping may take.
        ssl: An `ssl.SSLContext`, or None for the default one.
    """

    url: str
    headers: Sequence[tuple[str, str]]
    subprotocol: str | None
    compression: bool
    max_message_size: int | None
    open_timeout: float
    ping_interval: float | None
    ping_timeout: float
    ssl: Any


@dataclass(frozen=True, slots=True)
class WebSocketOptions:
    """The options of the WebSocket transport that concern one socket; times are seconds. `WebSocket` documents them."""

    subprotocol: str | None
    compression: bool
    max_message_size: int | None
    open_timeout: float
    ping_interval: float | None
    ping_timeout: float
    ssl: Any


class SocketReceiver(Protocol):
    """What a socket hands its messages to. The library calls it from its callbacks; nothing here waits or raises."""

    def frames_received(self, frames: list[bytes]) -> None:
        """Take complete messages, text or binary, in the order of arrival; as many as came with one read."""

    def closed(self, error: TransportError) -> None:
        """Nothing comes any more. Called once, after the last message, also where this side closed the socket."""


class Socket(Protocol):
    """A WebSocket that is open, of any library.

    It assembles fragments, answers pings, and calls its receiver for complete messages only.
    """

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent."""

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""

    def start(self, receiver: SocketReceiver) -> None:
        """Call this receiver from now on; called once.

        What came before waits for it, within bounds, and is handed over at once.
        """

    async def send(self, frame: bytes) -> None:
        """Send a text frame.

        Raises:
            TransportError: The socket is no longer open.
        """

    def pause_reading(self) -> None:
        """Read no more from the network; what was read already may still come."""

    def resume_reading(self) -> None:
        """Read again."""

    async def close(self, code: int) -> None:
        """Send a close frame, and release the connection within a second or so, whatever the server does."""

    async def abort(self) -> None:
        """Release the connection without a close frame."""


@dataclass(frozen=True, slots=True)
class UpgradeAnswer:
    """What a server answered to an upgrade.

    Attributes:
        status: The status; 101 with a socket.
        headers: The headers, in order.
        body: The body, for the text of an error; empty with a socket.
        socket: The socket, where the upgrade succeeded.
        failure: What is wrong with an answer that is neither a socket nor a plain refusal.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = b""
    socket: Socket | None = None
    failure: TransportError | None = None


Dial: TypeAlias = "Callable[[UpgradeCall], Awaitable[UpgradeAnswer | None]]"
"""Opens a WebSocket and follows no redirect; returns None for one that it leaves to the built-in library.

Raises OSError where there is no connection, ValueError where the address is none, and TransportError, with secrets
removed from its text, where the server does not answer at all.
"""


def _always_room() -> Completion:
    return DONE


def _ignore(error: BayeuxError) -> None:
    pass


@dataclass(slots=True)
class TransportContext:
    """What a client gives to its transports.

    Attributes:
        url: The server's address, without user and password.
        receive: To be called with the messages of each response or frame, in the order of arrival, from a callback or
            a coroutine. The extensions' hooks have run and the events are in their queues when the completion that it
            returns is done: an exchange over HTTP is over then, and a socket reads no further before.
        on_request: To be awaited with each request before it leaves.
        on_response: To be awaited with each response before its body is read.
        redact: Removes secrets from a text.
        headers: To be sent with every request.
        http: An httpx client of the user's, or None.
        auth: As httpx has it, or None.
        max_network_delay: Seconds to wait for a connection to be made.
        heartbeat: Seconds between signs of life that a transport asks for by itself, or None for none.
        room: To be called before more is received of what comes unasked. Where the completion that it returns is not
            done, receivers are too slow, and nothing more is to be received until it is.
        broken: To be called with the error where a connection broke on which events come unasked, and no connect was
            under way on it that fails with it: what the server had sent may be lost, and nothing else reports it.
        cookies: Those of the session; every transport sends and keeps them.
        anonymous: Whether the server is one that the user's credentials are not for: then what an HTTP client of the
            user's would add by itself stays out too. `headers` and `auth` are empty already.
        report: To be called with an error that a transport has dealt with by itself, such as a message of which a part
            could not be decoded.
        dial: What opens WebSockets, or None for the built-in library. An extension that wraps a transport
            (`TransportRegistry.wrap`) may put one of another library here, as it may put an HTTP client into `http`.
    """

    url: str
    receive: Receive
    on_request: Callable[[TransportRequest], Awaitable[None]]
    on_response: Callable[[TransportResponse], Awaitable[None]]
    redact: Redactor
    headers: dict[str, str] = field(default_factory=dict)
    http: Any = None
    auth: Any = None
    max_network_delay: float = 10.0
    heartbeat: float | None = None
    room: Callable[[], Completion] = _always_room
    broken: Callable[[BayeuxError], None] = _ignore
    cookies: CookieJar = field(default_factory=CookieJar)
    anonymous: bool = False
    report: Callable[[BayeuxError], None] = _ignore
    dial: Dial | None = None

    def proxy_for(self, url: str) -> str | None:
        """The proxy between here and an address, by the one rule of all transports; None for a direct connection.

        Raises:
            TransportError: The environment names a proxy that cannot be one; it is fatal.
        """
        proxy = proxy_for(url)
        return None if proxy is None else proxy.url

    def trust(self) -> ssl.SSLContext:
        """The certificates that are trusted, by the one rule of all transports. Not to be changed: others use it too.

        Raises:
            TransportError: They cannot be loaded, or the environment names files that are not there; it is fatal.
        """
        return trusted_certificates()


class Transport(Protocol):
    """Carries messages to one server and hands over what comes back."""

    async def exchange(self, messages: list[Message]) -> None:
        """Send these messages as one request, in order, and return when the exchange is over.

        It is over when every message has its reply, and what came back has passed `receive` by then. A transport
        on which messages may also come unasked hands them to `receive` as they come. Several exchanges may be under
        way at once. The caller limits the time, and cancels: nothing that comes late may pass for a reply then.

        Raises:
            TransportError: The exchange failed. With `unavailable`, this transport cannot reach the server though
                another one may: the client then tries the next.
            MessageDecodeError: What came back is not Bayeux.
        """

    async def close(self) -> None:
        """Release every connection."""


@runtime_checkable
class Renewable(Protocol):
    """A transport whose connections keep the credentials that they were opened with, such as a WebSocket."""

    def renew(self) -> None:
        """A new session begins: what is sent from now on goes over new connections. Those in use end with their use."""


TransportFactory: TypeAlias = "Callable[[TransportContext], Transport]"
