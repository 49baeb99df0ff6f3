"""The exceptions of pybayeux, as one tree.

BayeuxError
├── UsageError                 a mistake of the caller, raised at once
│   ├── InvalidChannelError
│   ├── ClientStateError       not started, closed, or in the wrong state for the call
│   └── MissingFieldError      a request lacks a field that the protocol requires
├── MessageDecodeError         bytes that are not Bayeux messages
├── MalformedMessageError      one message of a batch cannot be read
├── UnknownAdviceError         advice with a value that the protocol does not define
├── TransportError             the exchange with the server failed
│   └── ExchangeTimeoutError
├── ReplyError                 the server refused a request
│   ├── HandshakeError
│   ├── ConnectError
│   ├── SubscribeError
│   ├── UnsubscribeError
│   ├── PublishError
│   └── DisconnectError
├── SessionEndedError          the session has ended and is not tried again
├── ReceiverError              the user's own handler failed
├── ConsumerConflictError      another consumer handles the same events, so this one must stop
├── QueueOverflowError         too many messages wait to be sent
├── SlowReceiverError          receivers are slower than the stream
├── UnroutedEventError         an event that no subscription covers
├── MessageDropped             an extension vetoed the message
└── ExtensionError             an extension failed or is wrong
    ├── ExtensionLoadError
    ├── ExtensionOptionError
    └── ExtensionHookError

No error text contains a token, a password or a client id: texts from the wire pass through `_util.redact`.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from ._printable import printable

if TYPE_CHECKING:
    from .message import Message, MessageError

__all__ = (
    "BayeuxError",
    "ClientStateError",
    "ConnectError",
    "ConsumerConflictError",
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
    "UnroutedEventError",
    "UnsubscribeError",
    "UsageError",
)


class BayeuxError(Exception):
    """The root of every error that pybayeux raises.

    Its text repeats what the server said, so control characters in it are escaped: a traceback is shown on a terminal.

    Attributes:
        routine: Whether it is part of normal operation where the client deals with it: then it is logged as INFO.
    """

    routine: bool = False

    def __str__(self) -> str:
        return printable(super().__str__())


class UsageError(BayeuxError, ValueError):
    """The call itself is wrong; nothing was sent."""


class InvalidChannelError(UsageError):
    """A channel name that cannot be routed, or that cannot be used in this call.

    Attributes:
        channel: The name as given.
    """

    def __init__(self, channel: str, why: str) -> None:
        super().__init__(f"channel {channel!r}: {why}")
        self.channel: Final = channel


class ClientStateError(UsageError):
    """The client is in the wrong state for the call: not started, closed, or busy with another call."""


class MissingFieldError(UsageError):
    """A request lacks a field that the protocol requires.

    Attributes:
        field: The protocol's name of the field.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field: Final = field


class MessageDecodeError(BayeuxError):
    """Bytes that are not Bayeux messages: not JSON, or JSON of another shape.

    Attributes:
        received: The beginning of what was received; known secrets are removed.
    """

    def __init__(self, why: str, received: str = "") -> None:
        super().__init__(f"{why}; received {received!r}" if received else why)
        self.why: Final = why
        self.received: Final = received


class MalformedMessageError(BayeuxError):
    """One message of a batch is not a Bayeux message, for example because it has no channel. The others are kept.

    Attributes:
        received: The message as received, shortened, with secrets removed.
    """

    def __init__(self, why: str, received: str) -> None:
        super().__init__(f"{why}; received {received!r}")
        self.received: Final = received


class UnknownAdviceError(BayeuxError):
    """The server sent an advice that the protocol does not define.

    Attributes:
        value: The value as received.
    """

    def __init__(self, value: str) -> None:
        super().__init__(f"advice.reconnect: expected one of 'retry', 'handshake', 'none'; got {value[:40]!r}")
        self.value: Final = value


class TransportError(BayeuxError):
    """An exchange with the server failed before there was a Bayeux reply.

    Attributes:
        status: The HTTP status, or None if there was no HTTP response.
        body: The beginning of the response's body, with secrets removed.
        retry_after: Seconds that the server asked to wait (``Retry-After``), or None.
        fatal: True if trying again cannot help, for example because a certificate does not verify.
        unsent: True if the request was certainly not sent, so that sending it again cannot do anything twice.
        unavailable: True if this transport cannot reach the server but another may, such as a WebSocket whose upgrade
            is refused or hangs.
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
    """The server did not answer within the advised timeout plus `max_network_delay`."""


class Remedy(Enum):
    """What the client does about a refusal if an extension overrides the server's advice (`interpret_error`)."""

    RETRY = "retry"
    """Send the same request again, in the same session."""
    HANDSHAKE = "handshake"
    """Start a new session."""
    WAIT = "wait"
    """Of a subscribe: do not try again in this session until an extension asks for it (`HookClient.resubscribe`). It is
    not reported. Of any other request it is as RETRY."""
    DEFER = "defer"
    """As WAIT, and the caller of `subscribe` goes on, with an inactive subscription that gets events later."""
    GIVE_UP = "give up"
    """Do not try again: a refused subscription ends, and the others go on; a refused handshake or connect ends the
    session."""


class ReplyError(BayeuxError):
    """The server refused a request, or the request could not be sent.

    Attributes:
        channel: The channel that the request was about.
        reply: The server's reply, or None if the failure is local.
        error: The parsed error of the reply, or None.
        code: The error's three-digit code, or None.
        remedy: What the client does about it; None to follow the server's advice.
        retry_after: Least number of seconds to wait before that.
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
    """The session has ended: the server advised it (``reconnect: none``), or trying again cannot help.

    `start()`, `wait_for()` and every waiting receiver raise it.
    """


class ReceiverError(BayeuxError):
    """A receiver of events failed; its own exception is the cause.

    Attributes:
        channel: The channel of the event.
        replay_id: The number of the event in the server's replay, or None if it has none.
    """

    def __init__(self, channel: str, cause: BaseException, replay_id: int | None = None) -> None:
        event = "" if replay_id is None else f" on replay id {replay_id}"
        super().__init__(f"the receiver of {channel} failed{event}: {type(cause).__name__}: {cause}")
        self.channel: Final = channel
        self.replay_id: Final = replay_id
        self.__cause__: BaseException | None = cause


class ConsumerConflictError(BayeuxError):
    """Another consumer of the same name handles the same events, so that this one must stop.

    An extension raises it, such as replay in a transaction. A handler that raises it ends its subscription, whatever
    `on_error` says: to go on would handle events twice.
    """


class QueueOverflowError(BayeuxError):
    """As many messages wait to be sent as `send_queue_size` allows."""


class SlowReceiverError(BayeuxError):
    """Receivers are slower than the stream; the text says what the client does about it.

    Reported for each step. With ``overflow="raise"``, the slowest subscription ends with this error.
    """


class UnroutedEventError(BayeuxError):
    """An event arrived that no subscription covers, and was dropped. Reported once for each channel.

    Attributes:
        channel: The channel of the event.
    """

    def __init__(self, channel: str) -> None:
        super().__init__(
            f"an event on {channel} was dropped: no subscription covers this channel (further ones are not reported)"
        )
        self.channel: Final = channel


class MessageDropped(BayeuxError):
    """An extension vetoed a message (``404::message_deleted``, as in CometD's clients).

    Attributes:
        reason: The extension's reason.
        extension: The extension's name.
        remedy: What the client does about it, if the extension said so.
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
    """An installed extension could not be imported or instantiated."""


class ExtensionOptionError(ExtensionError):
    """An option is unknown, missing or of the wrong type.

    Attributes:
        option: The option's name.
    """

    def __init__(self, text: str, *, extension: str, option: str) -> None:
        super().__init__(text, extension=extension)
        self.option: Final = option


_MISTAKES: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    RecursionError,
    StopIteration,
    SyntaxError,
    TypeError,
    ValueError,
)


class ExtensionHookError(ExtensionError):
    """A hook raised an exception (the cause), or returned a value that its specification does not allow."""

    @property
    def is_mistake(self) -> bool:
        """Whether another attempt would raise the same: a mistake in the extension's code or in its options.

        True for exceptions of Python's own, such as `TypeError`, `ValueError` and `KeyError`. False for `OSError` (with
        `ConnectionError` and `TimeoutError`), `RuntimeError`, and the exceptions that a library or the extension
        defines: a server that the extension asks may be down.
        """
        cause = self.__cause__
        return isinstance(cause, _MISTAKES) and type(cause).__module__ == "builtins"
