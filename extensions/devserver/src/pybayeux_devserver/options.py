"""The options of a server: what it offers and how it behaves.

Owns their names, units, defaults and validity. Reads nothing from the environment and starts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

__all__ = ("AuthStyle", "HandshakeEvents", "Json", "Options", "Order", "ReplyExt", "Service", "echo")

Json: TypeAlias = dict[str, Any]
"""A message or another JSON object, as plain Python."""

Service: TypeAlias = Callable[[Any], Any]
"""What answers a remote call: takes the call's data, returns the answer's; an exception is a failed call."""

HandshakeEvents: TypeAlias = Callable[[Json], Iterable[Json]]
"""What has something to say to each new session: takes the handshake, returns messages for its client."""

ReplyExt: TypeAlias = Callable[[Json], Json]
"""What has something to say with each reply: takes the reply, returns members for its ``ext``."""


class Order(StrEnum):
    """Which comes first where events and replies travel together: in one HTTP response, or frame after frame."""

    EVENTS_FIRST = "events-first"
    """As CometD does."""
    REPLY_FIRST = "reply-first"
    """As Faye does."""


class AuthStyle(StrEnum):
    """How a request with a missing or dead token is refused."""

    HTTP = "http"
    """HTTP 401 for the whole request."""
    BAYEUX = "bayeux"
    """A reply ``401::Authentication invalid``; advice ``handshake`` on handshakes, ``none`` on connects."""
    SALESFORCE = "salesforce"
    """The same, but a handshake is denied with 403, advice ``none`` and the cause in ``ext.sfdc.failureReason``."""


def echo(data: Any) -> Any:
    """The service behind ``/service/echo``: answers a call with its own data."""
    return data


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Everything about a server that can be chosen. All times are seconds.

    Raises:
        ValueError: A value makes no sense.
    """

    path: str = "/cometd"
    """Where the Bayeux server is on its host."""
    timeout: float = 30.0
    """How long a connect is held when there is nothing to deliver."""
    interval: float = 0.0
    """The pause between connects that the advice asks for."""
    max_interval: float = 10.0
    """How long a session lives without a request of its client."""
    advice: Mapping[str, Any] = field(default_factory=dict)
    """More members for every advice, such as ``maxInterval`` or ``hosts``."""
    connection_types: tuple[str, ...] = ("websocket", "long-polling", "callback-polling")
    """What a handshake offers, and what a connect may ask for."""
    order: Order = Order.EVENTS_FIRST
    """Whether events come before or after the replies they travel with."""
    connect_only: bool = False
    """Deliver events with connect replies alone, not with any reply; acknowledged sessions always do."""
    on_handshake: HandshakeEvents | None = None
    """What is queued for a session that begins; it gets there with the first connect, or as the next option says."""
    deliver_with_handshake: bool = False
    """Send what is queued together with the handshake's reply, which tells how much in ``x-messages``.

    The acknowledgement extension then answers a handshake with its newer object, see `ack_object`.
    """
    handshake_order: Order = Order.REPLY_FIRST
    """The same as `order`, for handshakes: CometD's clients count the events that come after the reply."""
    max_uri_length: int = 8192
    """The longest URI of a callback-polling request, in bytes; a longer one is answered with HTTP 414."""
    guarded_scripts: bool = False
    """Begin the scripts of callback-polling with ``/**/`` and escape line separators in them, as Faye does."""
    messages_per_frame: int = 1
    """How many events that are due together share a WebSocket frame."""
    subprotocol: str | None = None
    """The WebSocket subprotocol that is agreed to where a client offers it."""
    deflate: bool = False
    """Agree to ``permessage-deflate`` on WebSockets."""
    cookie: bool = True
    """Bind every session to a cookie ``BAYEUX_BROWSER``, as CometD does."""
    cookie_on_websocket: bool = False
    """Ask the upgrade to a WebSocket for this cookie too. CometD does not, and Faye's client has none by then."""
    unknown_session: str = "402::session_unknown"
    """The error for a session that the server does not know."""
    echo_to_publisher: bool = True
    """Give a client its own publications where it has subscribed to them."""
    event_ids: bool = False
    """Let events carry the message id of their publisher, as Faye does."""
    anonymous_publish: bool = False
    """Accept publications without a session."""
    deny_subscribe: tuple[str, ...] = ()
    """Channels or patterns that nobody may subscribe to."""
    deny_publish: tuple[str, ...] = ()
    """Channels or patterns that no client may publish to."""
    services: Mapping[str, Service] = field(default_factory=lambda: {"/service/echo": echo})
    """What answers remote calls, by channel."""
    ack: bool = True
    """Offer CometD's acknowledgement of events."""
    ack_object: bool = False
    """Answer a handshake with the newer ``ext.ack`` object (``enabled`` and ``batch``) instead of true."""
    replay: bool | tuple[str, ...] = True
    """Keep a log to replay from: of every broadcast channel, of none, or of these channels and patterns.

    Events that are kept carry their id in ``data.event.replayId`` where the data is an object.
    """
    retention: int = 10_000
    """How many events the log keeps."""
    seed: int = 0
    """Determines the gaps between replay ids, so that a test sees the same ids each time."""
    reply_ext: ReplyExt | None = None
    """What more is in the ``ext`` of replies, such as what a vendor's server says of a login."""
    tokens: tuple[str, ...] = ()
    """Bearer tokens that are accepted; none given means that no token is asked for until one is issued."""
    token_member: str = "token"
    """The member of ``ext`` that may carry the token instead of the Authorization header."""
    auth_style: AuthStyle = AuthStyle.BAYEUX
    """How a request without a valid token is refused."""

    def __post_init__(self) -> None:
        # Plain strings are welcome where an enum is declared.
        object.__setattr__(self, "order", Order(self.order))
        object.__setattr__(self, "handshake_order", Order(self.handshake_order))
        object.__setattr__(self, "auth_style", AuthStyle(self.auth_style))
        if not self.path.startswith("/"):
            raise ValueError(f"path {self.path!r} does not start with a slash")
        if not self.connection_types:
            raise ValueError("connection_types is empty: a server offers at least one")
        if self.messages_per_frame < 1:
            raise ValueError("messages_per_frame is less than one")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is negative")

    @property
    def replay_channels(self) -> tuple[str, ...]:
        """The channels and patterns whose events are logged."""
        if isinstance(self.replay, tuple):
            return self.replay
        return ("/**",) if self.replay else ()


_NOT_NEGATIVE: Final = ("timeout", "max_interval", "retention", "max_uri_length")
