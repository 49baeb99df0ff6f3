"""What a transport is, and what it is given. Knows messages, nothing of sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from .cookies import CookieJar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    from .._util.redact import Redactor
    from ..errors import BayeuxError, TransportError
    from ..message import Message

__all__ = (
    "Dial",
    "Receive",
    "Renewable",
    "Socket",
    "Transport",
    "TransportContext",
    "TransportFactory",
    "TransportRequest",
    "TransportResponse",
    "UpgradeAnswer",
    "UpgradeCall",
    "WebSocketOptions",
)

Receive: TypeAlias = "Callable[[list[Message]], Awaitable[None]]"


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
        url: Where, as ``ws:`` or ``wss:``.
        headers: To be sent beside those that make an upgrade, in this order.
        subprotocol: To be asked for, or None.
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
    """What the user wants of the socket; times are seconds. `WebSocket` documents them."""

    subprotocol: str | None
    compression: bool
    max_message_size: int | None
    open_timeout: float
    ping_interval: float | None
    ping_timeout: float
    ssl: Any


class Socket(Protocol):
    """A WebSocket that is open, of whichever library."""

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent."""

    @property
    def subprotocol(self) -> str | None:
        """What was agreed on."""

    async def send(self, frame: bytes) -> None:
        """Send a text frame.

        Raises:
            TransportError: The socket is no longer open.
        """

    async def receive(self) -> bytes:
        """The next message, text or binary; pings and pongs are none.

        Raises:
            TransportError: Nothing comes any more, and why.
        """

    async def close(self, code: int) -> None:
        """Say farewell, and let go of the connection within a second or so, whatever the server does."""

    async def abort(self) -> None:
        """Let go of the connection without a word."""


class UpgradeAnswer(Protocol):
    """What a server said to an upgrade."""

    @property
    def status(self) -> int:
        """The status."""

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The headers."""

    @property
    def body(self) -> bytes:
        """The body, for the text of an error; empty with a socket."""

    @property
    def socket(self) -> Socket | None:
        """The socket, if it was granted."""

    @property
    def failure(self) -> TransportError | None:
        """What is wrong with an answer that is neither a socket nor a plain refusal."""


Dial: TypeAlias = "Callable[[UpgradeCall], Awaitable[UpgradeAnswer]]"
"""Opens a WebSocket, follows no redirect; raises TransportError, redacted, where the server does not answer at all."""


async def _always() -> None:
    """There is room."""


async def _ignored(error: BayeuxError) -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class TransportContext:
    """What a client gives to its transports.

    Attributes:
        url: Where the server is, without user and password.
        receive: To be awaited with the messages of each response or frame, in the order of arrival.
        on_request: To be awaited with each request before it leaves.
        on_response: To be awaited with each response before its body is looked at.
        redact: Takes secrets out of a text.
        headers: To be sent with every request.
        http: An httpx client of the user's, or None.
        auth: As httpx has it, or None.
        max_network_delay: Seconds to wait for a connection to be made.
        room: To be awaited before more is read of what comes unasked; it waits while receivers are too slow.
        broken: To be awaited with the error where a connection broke on which events come unasked, and no connect was
            under way on it that fails with it: what the server had sent may be lost, and nobody else would know.
        cookies: Those of the session; every transport sends and keeps them.
        anonymous: Whether the server is one that the user's credentials are not for: then what an HTTP client of the
            user's would add by itself stays out too. `headers` and `auth` are empty already.
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
    room: Callable[[], Awaitable[None]] = field(default_factory=lambda: _always)
    broken: Callable[[BayeuxError], Awaitable[None]] = field(default_factory=lambda: _ignored)
    cookies: CookieJar = field(default_factory=CookieJar)
    anonymous: bool = False
    dial: Dial | None = None


class Transport(Protocol):
    """Carries messages to one server and hands over what comes back."""

    async def send(self, messages: list[Message]) -> None:
        """Carry these messages as one request, in order, and return when the exchange is over.

        It is over when every message has its answer, and what came back has passed `receive` by then. A transport
        on which messages may also come unasked hands them to `receive` as they come. Several exchanges may be under
        way at once. The caller limits the time, and cancels: nothing that comes late may pass for an answer then.

        Raises:
            TransportError: The exchange failed. With `unavailable`, this transport cannot reach the server though
                another one may: the client then tries the next.
            MessageDecodeError: What came back is no Bayeux.
        """

    async def close(self) -> None:
        """Let go of every connection."""


@runtime_checkable
class Renewable(Protocol):
    """A transport whose connections know who opened them, such as a WebSocket: its token is that of the upgrade."""

    def renew(self) -> None:
        """A new session begins: what is sent from now on goes over new connections. Those in use end with their use."""


TransportFactory: TypeAlias = "Callable[[TransportContext], Transport]"
