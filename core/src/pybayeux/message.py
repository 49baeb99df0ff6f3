"""Messages: their fields, their payload and their errors (Bayeux 1.0, section 3).

A payload stays in the bytes that were received until `data` is read. Encoding and decoding of batches is in `codec`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, NamedTuple, Protocol, overload

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

from ._util.dates import parse_timestamp
from ._util.json_scan import Broken, members_of
from ._util.json_text import beginning_of, to_json
from ._util.typevars import DataT
from .errors import MessageDecodeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

__all__ = ("Advice", "Message", "MessageError", "Receipt")

if TYPE_CHECKING:
    _Payload = Any
else:
    _Payload = Raw | UnsetType


class Receipt(Protocol):
    """The right to acknowledge one event."""

    def acknowledge(self) -> Awaitable[None]:
        """Report the event as handled."""

    def transaction(self, earlier: Sequence[Receipt] = ()) -> AbstractAsyncContextManager[Any]:
        """Handle the event, and `earlier` ones before it, and keep the position, all or nothing.

        Raises:
            UsageError: It is already acknowledged, or no extension has transactions.
        """


_decode: Final = msgspec.json.Decoder().decode
_ERROR: Final = re.compile(r"\s*(\d{1,3})\s*:([^:]*):(.*)", re.DOTALL)


class MessageError(NamedTuple):
    """The parsed `error` of a reply: ``code ":" args ":" message`` (Bayeux 1.0, section 3.6)."""

    code: int | None
    """The three-digit code, or None if the text has none."""
    args: tuple[str, ...]
    """The arguments, such as the client id of an unknown client."""
    message: str
    """The text after the second colon, with any further colons; the whole text if it has no code."""

    @property
    def is_unknown_client(self) -> bool:
        """Whether the server no longer knows the session, in any of the forms that servers use.

        CometD ``402::session_unknown``, Faye ``401:<id>:Unknown client``, Salesforce ``403::Unknown client``.
        """
        text = self.message.lower()
        return self.code in (401, 402, 403) and (
            "unknown client" in text or "session_unknown" in text or "unknown session" in text
        )

    def __str__(self) -> str:
        # Faye puts the client id among the arguments.
        args = "***" if self.args and self.is_unknown_client else ",".join(self.args)
        return self.message if self.code is None else f"{self.code:03d}:{args}:{self.message}"

    def __repr__(self) -> str:
        return f"MessageError({str(self)!r})"


class Advice(Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True, dict=True, kw_only=True):
    """A server's advice (Bayeux 1.0, section 3.5). Times are in milliseconds, as on the wire; None means absent."""

    reconnect: str | None = None
    timeout: float | int | None = None
    interval: float | int | None = None
    multiple_clients: bool | None = field(default=None, name="multiple-clients")
    hosts: list[str] | None = None
    max_interval: float | int | None = None

    @property
    def extra(self) -> dict[str, Any]:
        """Other members, among them the sections named after a transport."""
        return self.__dict__.setdefault("extra", {})  # type: ignore[no-any-return]

    def should_retry(self) -> bool:
        """Whether the server advises to connect again."""
        return self.reconnect == "retry"

    def should_handshake(self) -> bool:
        """Whether the server advises a new handshake."""
        return self.reconnect == "handshake"

    def must_not_retry_or_handshake(self) -> bool:
        """Whether the server forbids both."""
        return self.reconnect == "none"

    def timeout_as_duration(self) -> timedelta:
        """How long the server holds a connect; zero if absent, and the longest duration there is if it is longer."""
        return _duration(self.timeout)

    def interval_as_duration(self) -> timedelta:
        """How long to wait before the next connect; zero if absent; if negative, do not connect.

        One that is too long for a duration is the longest that there is.
        """
        return _duration(self.interval)


def _duration(milliseconds: float | None) -> timedelta:
    try:
        return timedelta(milliseconds=milliseconds or 0)
    except OverflowError:
        return timedelta.max if milliseconds is not None and milliseconds > 0 else timedelta.min


class _Fields(Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True, dict=True, kw_only=True):
    # The order of the specification's examples, and the order on the wire.
    channel: str
    client_id: str | None = None
    version: str | None = None
    minimum_version: str | None = None
    supported_connection_types: list[str] | None = None
    connection_type: str | None = None
    subscription: str | list[str] | None = None
    data: _Payload = UNSET
    id: str | None = None
    ext: dict[str, Any] | None = None
    advice: Advice | None = None
    successful: bool | None = None
    error: str | None = None
    timestamp: str | None = None
    auth_successful: bool | None = None


_payload: Final = _Fields.__dict__["data"]


class Message(_Fields, Generic[DataT]):
    """One Bayeux message: request, reply or event. It can be changed in place; every change is encoded.

    A field that is None is not on the wire. `data` may be any JSON value, including None: `has_data` says whether it
    is there. Members that the protocol does not name are in `extra`.

    `raw_or_data` is the payload as the message holds it: a ``msgspec.Raw``, which decoders of msgspec take without a
    copy, until `data` is read or set, and then the data. If there is no payload it is ``msgspec.UNSET``.

    ``Message[Order]`` is the type of an event whose `data` is an `Order`, as a subscription with ``type=Order``
    receives it. Nothing checks that at run time.
    """

    raw_or_data: ClassVar[Any] = _payload  # the slot itself: a property would take 0.1 us, which every event pays

    @property  # type: ignore[misc]  # the struct's own slot holds it, undecoded
    def data(self) -> DataT:
        """The payload, decoded on first use; None if there is none.

        Raises:
            MessageDecodeError: The payload is not JSON (a batch is only scanned when it is received).
        """
        value: Any = self.raw_or_data
        if type(value) is Raw:
            try:
                value = _decode(value)
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                raise MessageDecodeError(f"data: not JSON ({error})", beginning_of(value)) from error
            self.raw_or_data = value  # type: ignore[misc]
        elif value is UNSET:
            value = None
        return value  # type: ignore[no-any-return]

    @data.setter
    def data(self, value: Any) -> None:
        self.raw_or_data = value  # type: ignore[misc]

    @data.deleter
    def data(self) -> None:
        self.raw_or_data = UNSET  # type: ignore[misc]

    @property
    def has_data(self) -> bool:
        """Whether the message has a `data` member, even if it is null."""
        return self.raw_or_data is not UNSET

    @property
    def raw_data(self) -> bytes:
        """The payload's JSON text in UTF-8; empty if there is none. Does not decode it.

        Raises:
            TypeError: The payload was set to a value that JSON cannot express.
        """
        value = self.raw_or_data
        if type(value) is Raw:
            return bytes(value)
        return b"" if value is UNSET else to_json(value)

    def raw_members(self) -> dict[str, bytes]:
        """The members of a payload that is an object, each as JSON text; none where it is something else.

        For a payload that `data` cannot decode: a value that is no JSON leaves the members beside it readable.

        Raises:
            TypeError: The payload was set to what JSON cannot express.
        """
        try:
            members = members_of(self.raw_data)
        except Broken:
            return {}
        return {name.decode("utf-8", "replace"): value for name, value in members.items()}

    @property
    def extra(self) -> dict[str, Any]:
        """Top-level members that the protocol does not name, such as ``x-messages``."""
        return self.__dict__.setdefault("extra", {})  # type: ignore[no-any-return]

    @property
    def is_meta(self) -> bool:
        """Whether the message is on a meta channel."""
        return self.channel.startswith("/meta/")

    @overload
    def get_ext(self, create: Literal[True]) -> dict[str, Any]: ...
    @overload
    def get_ext(self, create: bool = False) -> dict[str, Any] | None: ...
    def get_ext(self, create: bool = False) -> dict[str, Any] | None:
        """The `ext` member; if it is absent and `create` is true, an empty one is added."""
        if self.ext is None and create:
            self.ext: dict[str, Any] | None = {}
        return self.ext

    def parse_error(self) -> MessageError | None:
        """The parsed `error` member, or None if there is none.

        Parsing is lenient, as servers are: the text is split at its first two colons only.
        """
        if self.error is None:
            return None
        parts = _ERROR.fullmatch(self.error)
        if parts is None:
            return MessageError(None, (), self.error)
        code, args, text = parts.groups()
        return MessageError(int(code), tuple(arg for arg in args.split(",") if arg), text)

    def timestamp_as_time(self) -> datetime | None:
        """The `timestamp` as an aware time in UTC, or None if it is absent or in an unknown format.

        Known are the specification's ISO 8601 profile, RFC 1123 (CometD's clients) and the format of CometD's servers
        (``Mon Nov 23 20:56:10 UTC 2026``).
        """
        return None if self.timestamp is None else parse_timestamp(self.timestamp)

    @property
    def receipt(self) -> Receipt | None:
        """The receipt of this event, for a receiver that acknowledges by itself; otherwise None."""
        found: Receipt | None = self.__dict__.get("receipt")
        return found

    def attach_receipt(self, receipt: Receipt) -> None:
        """Attach the receipt for a receiver that acknowledges by itself."""
        self.__dict__["receipt"] = receipt

    def ack(self) -> Awaitable[None]:
        """Acknowledge an event of a subscription made with ``ack="manual"``: ``await event.ack()``.

        A second call does nothing. With the synchronous client it is done when the call returns, without an await.

        Raises:
            UsageError: The event came from another kind of subscription, or this is not an event.
        """
        if self.receipt is None:
            raise UsageError(f"this message of {self.channel} cannot be acknowledged: subscribe with ack='manual'")
        return self.receipt.acknowledge()

    def transaction(self, *, earlier: Sequence[Message] = ()) -> AbstractAsyncContextManager[Any]:
        """Handle an event and keep its position in one transaction: ``async with event.transaction() as tx``.

        For events of a subscription made with ``ack="manual"``, with an extension that has transactions, such as
        replay with a store in a database. If the block ends without an exception, the changes made with `tx` and the
        position are committed together, and the event is acknowledged. Otherwise neither is, and the event is sent
        again.

        Args:
            earlier: Events of the same subscription that came before this one and are handled in the same transaction,
                in order. They are acknowledged with it.

        Raises:
            UsageError: The event came from another kind of subscription or is already acknowledged, no extension has
                transactions, or the client is the synchronous one.
        """
        return self._transaction_receipt().transaction([each._transaction_receipt() for each in earlier])

    def _transaction_receipt(self) -> Receipt:
        if self.receipt is None:
            raise UsageError(
                f"this message of {self.channel} has no transaction: subscribe with ack='manual' on an AsyncClient"
            )
        return self.receipt

    def detach(self) -> None:
        """Copy the undecoded payload, so that it does not keep the bytes of its whole batch in memory.

        Called for events that live longer than their batch.
        """
        value = self.raw_or_data
        if type(value) is Raw:
            _payload.__set__(self, value.copy())

    def __repr__(self) -> str:
        shown = {
            "channel": self.channel,
            "id": self.id,
            "subscription": self.subscription,
            "successful": self.successful,
            "error": self.parse_error(),
            "ext": sorted(self.ext) if self.ext else None,
            "data": self._shown_data(),
        }
        # Without client ids and the values in ext: they are credentials.
        return f"Message({', '.join(f'{name}={value!r}' for name, value in shown.items() if value is not None)})"

    def _shown_data(self) -> str | None:
        value = self.raw_or_data
        if value is UNSET:
            return None
        return f"<{len(bytes(value))} bytes>" if type(value) is Raw else f"<{type(value).__name__}>"
