"""The options of a server: their names, units, defaults and validation.

It reads nothing from the environment and starts nothing.
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
"""Answers a remote call: takes the call's data and returns the data of the reply. An exception is a failed call."""

HandshakeEvents: TypeAlias = Callable[[Json], Iterable[Json]]
"""Takes a handshake and returns messages for its client, which are queued for the new session."""

ReplyExt: TypeAlias = Callable[[Json], Json]
"""Takes a reply and returns members for its ``ext``."""


class Order(StrEnum):
    """Whether events or replies come first when they travel together: in one HTTP response, or in successive frames."""

    EVENTS_FIRST = "events-first"
    """As CometD does."""
    REPLY_FIRST = "reply-first"
    """As Faye does."""


class AuthStyle(StrEnum):
    """How a request with a missing or invalid token is refused."""

    HTTP = "http"
    """HTTP 401 for the whole request."""
    BAYEUX = "bayeux"
    """A reply ``401::Authentication invalid``, with advice ``handshake`` on handshakes and ``none`` on connects."""
    SALESFORCE = "salesforce"
    """The same, but a handshake is denied with 403, advice ``none`` and the cause in ``ext.sfdc.failureReason``."""


def echo(data: Any) -> Any:
    """The service behind ``/service/echo``: returns the data of the call."""
    return data


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options of a server. All times are in seconds.

    Raises:
        ValueError: A value is invalid.
    """

    path: str = "/cometd"
    """The path of the Bayeux endpoint."""
    timeout: float = 30.0
    """How long a connect is held when there is nothing to deliver."""
    interval: float = 0.0
    """The pause between connects, as advised to clients."""
    max_interval: float = 10.0
    """How long a session lives without a request of its client."""
    advice: Mapping[str, Any] = field(default_factory=dict)
    """Further members of every advice, such as ``maxInterval`` or ``hosts``."""
    connection_types: tuple[str, ...] = ("websocket", "long-polling", "callback-polling")
    """The connection types that a handshake offers and a connect may use."""
    order: Order = Order.EVENTS_FIRST
    """Whether events come before or after the replies they travel with."""
    connect_only: bool = False
    """Deliver events with connect replies only, not with other replies. Sessions with acknowledgement always do so."""
    on_handshake: HandshakeEvents | None = None
    """Returns messages that are queued for a new session. The first connect delivers them; see also the next option."""
    deliver_with_handshake: bool = False
    """Deliver queued messages together with the handshake's reply, which has their number in ``x-messages``.

    The acknowledgement extension then answers a handshake with its newer object, see `ack_object`.
    """
    handshake_order: Order = Order.REPLY_FIRST
    """The same as `order`, for handshakes. CometD's clients count the events that come after the reply."""
    max_uri_length: int = 8192
    """The longest URI of a callback-polling request, in bytes. A longer one is answered with HTTP 414."""
    guarded_scripts: bool = False
    """Begin the scripts of callback-polling with ``/**/`` and escape line separators in them, as Faye does."""
    messages_per_frame: int = 1
    """How many events may share a WebSocket frame."""
    subprotocol: str | None = None
    """The WebSocket subprotocol to accept if a client offers it."""
    deflate: bool = False
    """Accept ``permessage-deflate`` on WebSockets."""
    cookie: bool = True
    """Bind every session to a cookie ``BAYEUX_BROWSER``, as CometD does."""
    cookie_on_websocket: bool = False
    """Require this cookie on WebSocket upgrades too. CometD does not, and Faye's client has no cookie at that time."""
    unknown_session: str = "402::session_unknown"
    """The error for an unknown session."""
    echo_to_publisher: bool = True
    """Deliver a client's publications to itself if it has subscribed to their channel."""
    event_ids: bool = False
    """Add the message id of the publisher to events, as Faye does."""
    anonymous_publish: bool = False
    """Accept publications without a session."""
    deny_subscribe: tuple[str, ...] = ()
    """Channels or patterns that clients may not subscribe to."""
    deny_publish: tuple[str, ...] = ()
    """Channels or patterns that clients may not publish to."""
    services: Mapping[str, Service] = field(default_factory=lambda: {"/service/echo": echo})
    """The services that answer remote calls, by channel."""
    ack: bool = True
    """Offer CometD's acknowledgement of events."""
    ack_object: bool = False
    """Answer a handshake with the newer ``ext.ack`` object (``enabled`` and ``batch``) instead of true."""
    replay: bool | tuple[str, ...] = True
    """Keep a replay log: of every broadcast channel, of none, or of these channels and patterns.

    Logged events carry their id in ``data.event.replayId`` if the data is an object.
    """
    retention: int = 10_000
    """How many events the log keeps."""
    seed: int = 0
    """Determines the gaps between replay ids, so that a test has the same ids in every run."""
    reply_ext: ReplyExt | None = None
    """Returns further members for the ``ext`` of a reply, such as a vendor's server adds about a login."""
    tokens: tuple[str, ...] = ()
    """The accepted bearer tokens. Without any, no token is required until one is issued."""
    token_member: str = "token"  # noqa: S105
    """The member of ``ext`` that may carry the token instead of the Authorization header."""
    auth_style: AuthStyle = AuthStyle.BAYEUX
    """How a request without a valid token is refused."""

    def __post_init__(self) -> None:
        # Callers may pass a plain string for an enum.
        object.__setattr__(self, "order", Order(self.order))
        object.__setattr__(self, "handshake_order", Order(self.handshake_order))
        object.__setattr__(self, "auth_style", AuthStyle(self.auth_style))
        if not self.path.startswith("/"):
            raise ValueError(f"path: expected a leading slash; got {self.path!r}")
        if not self.connection_types:
            raise ValueError("connection_types: expected at least one; got none")
        if self.messages_per_frame < 1:
            raise ValueError(f"messages_per_frame: expected at least 1; got {self.messages_per_frame}")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: expected 0 or more; got {getattr(self, name)}")

    @property
    def replay_channels(self) -> tuple[str, ...]:
        """The channels and patterns whose events are logged."""
        if isinstance(self.replay, tuple):
            return self.replay
        return ("/**",) if self.replay else ()


_NOT_NEGATIVE: Final = ("timeout", "max_interval", "retention", "max_uri_length")
