"""Everything that can go wrong, as one tree of exceptions.

BayeuxError
├── UsageError                 the caller's mistake, told at once
│   ├── InvalidChannelError
│   ├── ClientStateError       not started, closed, or in the wrong state for the call
│   └── MissingFieldError      a request lacks what the protocol asks for
├── MessageDecodeError         bytes that are no Bayeux messages
├── MalformedMessageError      one message of a batch that cannot be understood
├── UnknownAdviceError         advice with a value that the protocol does not know
├── TransportError             the exchange with the server failed
│   └── ExchangeTimeoutError
├── ReplyError                 the server refused a request
│   ├── HandshakeError
│   ├── ConnectError
│   ├── SubscribeError
│   ├── UnsubscribeError
│   ├── PublishError
│   └── DisconnectError
├── SessionEndedError          the session is over and will not be retried
├── ReceiverError              the user's own handler failed
├── QueueOverflowError         more waits to be sent than the client holds
├── SlowReceiverError          receivers are slower than the stream, and what is done about it
├── MessageDropped             an extension vetoed the message
└── ExtensionError             an extension is to blame
    ├── ExtensionLoadError
    ├── ExtensionOptionError
    └── ExtensionHookError

No text of an error contains a token, a password or a client id: what comes from the wire passes `redact.py`.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .message import Message, MessageError

__all__ = (
    "BayeuxError",
    "ClientStateError",
    "ConnectError",
    "DisconnectError",
    "ExchangeTimeoutError",
    "ExtensionError",
    "ExtensionHookError",
    "ExtensionLoadError",
    "ExtensionOptionError",
    "HandshakeError",
    "InvalidChannelError",
    "MalformedMessageError",
    "MessageDecodeError",
    "MessageDropped",
    "MissingFieldError",
    "PublishError",
    "QueueOverflowError",
    "ReceiverError",
    "Remedy",
    "ReplyError",
    "SessionEndedError",
    "SlowReceiverError",
    "SubscribeError",
    "TransportError",
    "UnknownAdviceError",
    "UnsubscribeError",
    "UsageError",
)


class BayeuxError(Exception):
    """The root of every error that pybayeux raises."""


class UsageError(BayeuxError, ValueError):
    """The call itself is wrong; nothing was sent."""


class InvalidChannelError(UsageError):
    """A channel name that cannot be routed, or one that the call may not use.

    Attributes:
        channel: The name as given.
    """

    def __init__(self, channel: str, why: str) -> None:
        super().__init__(f"channel {channel!r}: {why}")
        self.channel: Final = channel


class ClientStateError(UsageError):
    """The client is not in a state for the call: not started yet, closed, or busy with another one."""


class MissingFieldError(UsageError):
    """A request lacks a field that the protocol requires.

    Attributes:
        field: The protocol's name of the field.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field: Final = field


class MessageDecodeError(BayeuxError):
    """Bytes that hold no Bayeux messages: not JSON, or JSON of another shape.

    Attributes:
        received: The beginning of what was received, with secrets removed where they are known.
    """

    def __init__(self, why: str, received: str = "") -> None:
        super().__init__(f"{why}; received {received!r}" if received else why)
        self.why: Final = why
        self.received: Final = received


class MalformedMessageError(BayeuxError):
    """One message of a batch is no Bayeux message, such as one without a channel. The others are kept.

    Attributes:
        received: The message as received, cut, with secrets removed.
    """

    def __init__(self, why: str, received: str) -> None:
        super().__init__(f"{why}; received {received!r}")
        self.received: Final = received


class UnknownAdviceError(BayeuxError):
    """The server advised something that the protocol does not know.

    Attributes:
        value: The value as received.
    """

    def __init__(self, value: str) -> None:
        super().__init__(f"advice.reconnect {value[:40]!r} is none of 'retry', 'handshake' and 'none'")
        self.value: Final = value


class TransportError(BayeuxError):
    """An exchange with the server failed before a Bayeux reply came.

    Attributes:
        status: The HTTP status, or None where there was no HTTP answer.
        body: The beginning of the answer's body, secrets removed.
        retry_after: Seconds that the server asked to wait (``Retry-After``), or None.
        fatal: True where trying again cannot help, such as a certificate that does not verify.
        unsent: True where the request surely never left, so that sending it again cannot do it twice.
        unavailable: True where this transport cannot reach the server though another may, such as a WebSocket whose
            upgrade is refused or hangs.
    """

    def __init__(
        self,
        why: str,
        *,
        status: int | None = None,
        body: str = "",
        retry_after: float | None = None,
        fatal: bool = False,
        unsent: bool = False,
        unavailable: bool = False,
    ) -> None:
        super().__init__(f"{why}; received {body!r}" if body else why)
        self.why: Final = why
        self.status: Final = status
        self.body: Final = body
        self.retry_after: Final = retry_after
        self.fatal: Final = fatal
        self.unsent: Final = unsent
        self.unavailable: Final = unavailable


class ExchangeTimeoutError(TransportError):
    """The server did not answer within the advised timeout plus the network's delay."""


class Remedy(Enum):
    """What the client does about a refusal, where an extension overrides the server's advice (`interpret_error`)."""

    RETRY = "retry"
    """The same request again, in the same session."""
    HANDSHAKE = "handshake"
    """A new session."""
    GIVE_UP = "give up"
    """Nothing: a subscription ends, the others go on; a refused handshake or connect ends the session."""


class ReplyError(BayeuxError):
    """The server refused a request, or could not be asked.

    Attributes:
        channel: The channel that the request was about.
        reply: The server's reply, or None where the failure is local.
        error: The reply's error taken apart, or None.
        code: The error's three-digit code, or None.
        remedy: What helps against it; None where that is left to the server's advice.
        retry_after: Seconds to wait before that, at least.
    """

    action: str = "request"
    remedy: Remedy | None = None
    retry_after: float = 0.0

    def __init__(self, channel: str, *, reply: Message | None = None, cause: BaseException | None = None) -> None:
        self.channel: Final = channel
        self.reply: Final = reply
        self.error: MessageError | None = reply.parse_error() if reply is not None else None
        self.code: int | None = self.error.code if self.error is not None else None
        why = str(cause) if cause is not None else str(self.error or "refused without a reason")
        super().__init__(f"{self.action} {channel} failed: {why}")
        self.__cause__ = cause


class HandshakeError(ReplyError):
    """The server refused the handshake."""

    action = "handshake"


class ConnectError(ReplyError):
    """The server refused a connect."""

    action = "connect"


class SubscribeError(ReplyError):
    """The server refused a subscription; `channel` names it."""

    action = "subscribe"


class UnsubscribeError(ReplyError):
    """The server refused to end a subscription."""

    action = "unsubscribe"


class PublishError(ReplyError):
    """The server refused a publish, or it could not be sent."""

    action = "publish"


class DisconnectError(ReplyError):
    """The server refused the disconnect."""

    action = "disconnect"


class SessionEndedError(BayeuxError):
    """The session is over: the server said so (``reconnect: none``), or going on cannot help.

    `start()`, `wait_for()` and every receiver that waits get it.
    """


class ReceiverError(BayeuxError):
    """A receiver of events failed; its own exception is the cause.

    Attributes:
        channel: The channel of the event.
    """

    def __init__(self, channel: str, cause: BaseException) -> None:
        super().__init__(f"the receiver of {channel} failed: {type(cause).__name__}: {cause}")
        self.channel: Final = channel
        self.__cause__ = cause


class QueueOverflowError(BayeuxError):
    """More messages wait to be sent than the client holds."""


class SlowReceiverError(BayeuxError):
    """Events wait for receivers that are slower than the stream; the text says what is done about it.

    Reported for each step. With ``overflow="raise"`` the slowest subscription ends with it.
    """


class MessageDropped(BayeuxError):
    """An extension vetoed a message (``404::message_deleted``, as CometD's clients say).

    Attributes:
        reason: What the extension gave as its reason.
        extension: The extension's name.
        remedy: What the extension knows to help.
    """

    code: Final = 404

    def __init__(self, reason: str, extension: str, remedy: Remedy | None = None) -> None:
        super().__init__(f"404::message_deleted: extension {extension!r}: {reason}")
        self.reason: Final = reason
        self.extension: Final = extension
        self.remedy: Final = remedy


class ExtensionError(BayeuxError):
    """An extension failed or is wrong.

    Attributes:
        extension: Its name.
        hook: The hook concerned, or None.
    """

    def __init__(self, text: str, *, extension: str, hook: str | None = None) -> None:
        super().__init__(text)
        self.extension: Final = extension
        self.hook: Final = hook


class ExtensionLoadError(ExtensionError):
    """An installed extension could not be imported or made."""


class ExtensionOptionError(ExtensionError):
    """An option is unknown, missing or of the wrong type.

    Attributes:
        option: The option's name.
    """

    def __init__(self, text: str, *, extension: str, option: str) -> None:
        super().__init__(text, extension=extension)
        self.option: Final = option


class ExtensionHookError(ExtensionError):
    """A hook raised an exception (its cause) or returned what the hook does not know."""
