"""The exceptions of this package: what Salesforce's refusals mean.

Each is also an error of the core, by the request that was refused: a quota that prevents a subscription is a
`QuotaError` and a `SubscribeError`. So code that does not know Salesforce keeps working, and other code can ask for the
meaning.

SalesforceError             a refusal without a more specific meaning
├── UnknownSessionError     the server no longer knows the session: a new one with the same token
├── InvalidTokenError       the token is missing, expired or revoked: pybayeux-auth gets a fresh one
├── ServerBusyError         the server is overloaded, whatever `error` says: retried after some minutes
├── QuotaError              a limit of the org or of the server is reached: retried much later
├── PositionRefusedError    the replay id has expired or is another org's: pybayeux-replay applies its policy
├── ChannelError            the channel does not exist: it is given up, the others continue
├── AccessError             a permission is missing: the channel is given up, or the session if it concerns that
├── CookieError             cookies are missing or another session's: one new session, without cookies
├── RequestTooLargeError    the request has more than 32,768 bytes
├── SetupError              the address, the version or the request itself is wrong: the session ends
└── RestError               the REST API refused a request, see `rest`

The texts of these errors contain no token and no client id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from pybayeux import BayeuxError

if TYPE_CHECKING:
    from datetime import datetime

    from pybayeux import MessageError
    from pybayeux.errors import Remedy, ReplyError, TransportError

__all__ = (
    "AccessError",
    "ChannelError",
    "CookieError",
    "InvalidTokenError",
    "PositionRefusedError",
    "QuotaError",
    "RequestTooLargeError",
    "RestError",
    "SalesforceError",
    "ServerBusyError",
    "SetupError",
    "UnknownSessionError",
    "as_refusal",
    "as_transport_error",
)

E = TypeVar("E", bound="SalesforceError")


class SalesforceError(BayeuxError):
    """A refusal of Salesforce.

    Attributes:
        routine: Whether it is part of normal operation, as when the load balancer moves the client; logged as INFO.
        hint: The default of `advice` for the class.
        reason: The cause as the server states it, parsed: ``ext.sfdc.failureReason`` if present, else ``error``. None
            if the server states none.
        advice: What the user can do about it; empty if nothing has to be done.
        wait: Seconds that the client waits before it tries again, if it does.
    """

    hint: ClassVar[str] = ""
    reason: MessageError | None = None
    advice: str = ""
    wait: float = 0.0

    def __str__(self) -> str:
        text = super().__str__()
        cause = "" if self.reason is None else str(self.reason)
        if cause and cause not in text:
            text = f"{text} (the cause: {cause})"
        wait = f"tried again in {self.wait:.0f} s" if self.wait else ""
        return "; ".join(part for part in (text, wait, self.advice) if part)


class UnknownSessionError(SalesforceError):
    """The server no longer knows the session. Normal every few hours, when the load balancer changes the server."""


class InvalidTokenError(SalesforceError):
    """The token is missing, expired or revoked."""


class ServerBusyError(SalesforceError):
    """The server is overloaded. The token is still valid."""


class QuotaError(SalesforceError):
    """A limit is reached: clients of the org, events delivered in 24 hours, subscribers of a topic, or connections.

    Attributes:
        ends_by: When a limit of the last 24 hours has ended at the latest, in UTC; None for other limits. Salesforce
            does not say when: what was used a day ago no longer counts, so it may end at any moment before.
    """

    hint = "show the org's limits with: pybayeux salesforce limits"
    ends_by: datetime | None = None

    def __str__(self) -> str:
        text = super().__str__()
        return text if self.ends_by is None else f"{text}; it ends by {self.ends_by:%Y-%m-%d %H:%M} UTC at the latest"


class PositionRefusedError(SalesforceError):
    """The replay id has expired, never existed, or belongs to another org."""


class ChannelError(SalesforceError):
    """The channel does not exist, or its name or filter is wrong."""

    hint = "check in Setup that it exists and is enabled; channel names are case-sensitive"


class AccessError(SalesforceError):
    """The user lacks a permission."""

    hint = "grant the user the permission in Setup; it is checked when the client subscribes"


class CookieError(SalesforceError):
    """The cookies are missing, or belong to another session or user."""


class RequestTooLargeError(SalesforceError):
    """The request has more than 32,768 bytes. The same one would be refused again, so it is not retried."""


class SetupError(SalesforceError):
    """The address, the API version, the connection type or the request itself is wrong."""


class RestError(SalesforceError):
    """The REST API refused a request, or did not answer.

    Attributes:
        status: The HTTP status; None if there was no answer.
        code: Salesforce's error code, such as ``INVALID_SESSION_ID``; empty if there is none.
    """

    def __init__(self, text: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def as_refusal(
    kind: type[E],
    refusal: ReplyError,
    *,
    reason: MessageError | None = None,
    remedy: Remedy | None = None,
    wait: float = 0.0,
) -> E:
    """Return a refusal as an error that is of class `kind` and of the refusal's own class.

    Args:
        kind: What the refusal means.
        refusal: The refusal.
        reason: The cause as the server states it.
        remedy: What the client does about it.
        wait: Seconds that the client waits before that.
    """
    made = _combined(kind, type(refusal))(refusal.channel, reply=refusal.reply, cause=refusal.__cause__)
    made.advice, made.reason = kind.hint, reason
    made.remedy, made.retry_after, made.wait = remedy, wait, wait
    return cast("E", made)


def as_transport_error(kind: type[E], error: TransportError, *, fatal: bool) -> E:
    """Return a failed exchange as an error that is of class `kind` and of the failure's own class.

    Args:
        kind: What the failure means.
        error: The failure.
        fatal: Whether a retry cannot help.
    """
    made = _combined(kind, type(error))(
        error.why,
        status=error.status,
        body=error.body,
        retry_after=error.retry_after,
        fatal=error.fatal or fatal,
        unsent=error.unsent,
        unavailable=error.unavailable,
    )
    made.__cause__ = error.__cause__
    made.advice = kind.hint
    return cast("E", made)


def _combined(kind: type[SalesforceError], action: type[BayeuxError]) -> Any:
    """Return a subclass of both, created once for each pair."""
    if (kind, action) not in _classes:
        members = {"__module__": kind.__module__, "__doc__": kind.__doc__}
        _classes[kind, action] = type(kind.__name__, (kind, action), members)
    return _classes[kind, action]


_classes: Final[dict[tuple[type, type], type]] = {}
