"""What Salesforce's refusals mean, as exceptions.

Each is one of the core's too, after what was refused: a quota that keeps a subscription away is a `QuotaError` and a
`SubscribeError`. So code that knows nothing of Salesforce goes on to work, and other code can ask for the meaning.

SalesforceError             a refusal that nothing here knows more of
├── SessionGoneError        the server no longer knows the session: another one, with the same token
├── TokenDeadError          the token is revoked or expired: pybayeux-auth gets another
├── ServerBusyError         the server is overloaded, whatever its `error` says: again in some minutes
├── QuotaError              a limit of the org or of the server is reached: again much later
├── PositionRefusedError    the replay id is kept no more, or another org's: pybayeux-replay falls back
├── ChannelError            there is no such channel: it is given up, the others go on
├── AccessError             the user may not: the channel is given up, or the session, where it concerns that
├── CookieError             cookies are missing or another session's: another session, once, with none
├── RequestTooLargeError    a request of more than 32,768 bytes
├── SetupError              address, version or the request itself is wrong: nothing helps
└── RestError               the REST API refused, see `rest`

No text of these has a token or a client id in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from pybayeux import BayeuxError

if TYPE_CHECKING:
    from pybayeux import MessageError
    from pybayeux.errors import Remedy, ReplyError, TransportError

__all__ = (
    "AccessError",
    "ChannelError",
    "CookieError",
    "PositionRefusedError",
    "QuotaError",
    "RequestTooLargeError",
    "RestError",
    "SalesforceError",
    "ServerBusyError",
    "SessionGoneError",
    "SetupError",
    "TokenDeadError",
    "as_refusal",
    "as_transport_error",
)

E = TypeVar("E", bound="SalesforceError")


class SalesforceError(BayeuxError):
    """A refusal of Salesforce.

    Attributes:
        reason: What the server says of the cause, taken apart: ``ext.sfdc.failureReason`` where there is one, else
            ``error``. None where it says nothing.
        advice: What to do about it, for people; empty where nothing has to be done.
        wait: Seconds that the client leaves the server alone before it tries again, if it does.
    """

    hint: ClassVar[str] = ""
    reason: MessageError | None = None
    advice: str = ""
    wait: float = 0.0

    def __str__(self) -> str:
        text = super().__str__()
        said = "" if self.reason is None else str(self.reason)
        if said and said not in text:
            text = f"{text} (the cause: {said})"
        return f"{text}; {self.advice}" if self.advice else text


class SessionGoneError(SalesforceError):
    """The server no longer knows the session, as when the load balancer leads elsewhere: normal every few hours."""


class TokenDeadError(SalesforceError):
    """The token is revoked, expired or missing."""


class ServerBusyError(SalesforceError):
    """The server is overloaded. The token is good."""


class QuotaError(SalesforceError):
    """A limit is reached: clients of the org, events delivered in 24 hours, subscribers of a topic, connections."""

    hint = "see what is left of the org's limits: pybayeux salesforce limits"


class PositionRefusedError(SalesforceError):
    """The replay id is kept no more, was never given out, or is another org's."""


class ChannelError(SalesforceError):
    """There is no such channel, or its name or filter is wrong."""

    hint = "names of channels are case-sensitive; see Setup for whether it exists and is enabled"


class AccessError(SalesforceError):
    """The user lacks a permission."""

    hint = "give the user the permission in Setup; it is looked at when the client subscribes"


class CookieError(SalesforceError):
    """The cookies are missing, or belong to another session or user."""


class RequestTooLargeError(SalesforceError):
    """The request has more than 32,768 bytes; the same one would be refused again."""


class SetupError(SalesforceError):
    """The address, the API version, the connection type or the request itself is wrong."""


class RestError(SalesforceError):
    """The REST API refused.

    Attributes:
        status: The HTTP status.
        code: Salesforce's word for it, such as ``INVALID_SESSION_ID``; empty where there is none.
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
    """A refusal as an error of this kind, and still of its own.

    Args:
        kind: What it means.
        refusal: The refusal.
        reason: What the server says of the cause.
        remedy: What the client is to do.
        wait: Seconds that it is to wait before.
    """
    made = _joined(kind, type(refusal))(refusal.channel, reply=refusal.reply, cause=refusal.__cause__)
    made.advice, made.reason = kind.hint, reason
    made.remedy, made.retry_after, made.wait = remedy, wait, wait
    return cast("E", made)


def as_transport_error(kind: type[E], error: TransportError, *, fatal: bool) -> E:
    """A failed exchange as an error of this kind, and still of its own.

    Args:
        kind: What it means.
        error: The failure.
        fatal: Whether trying again cannot help.
    """
    made = _joined(kind, type(error))(
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


def _joined(kind: type[SalesforceError], action: type[BayeuxError]) -> Any:
    """A class that is both, made once for each pair."""
    if (kind, action) not in _classes:
        members = {"__module__": kind.__module__, "__doc__": kind.__doc__}
        _classes[kind, action] = type(kind.__name__, (kind, action), members)
    return _classes[kind, action]


_classes: Final[dict[tuple[type, type], type]] = {}
