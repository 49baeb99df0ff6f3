"""What a transport is, and what it is given. Knows messages, nothing of sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from .cookies import CookieJar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from ..errors import BayeuxError
    from ..message import Message
    from ..redact import Redactor

__all__ = (
    "Receive",
    "Renewable",
    "Transport",
    "TransportContext",
    "TransportFactory",
    "TransportRequest",
    "TransportResponse",
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
