"""A WebSocket that is open: the exchanges on it, the order of what comes in, and its end.

Opens nothing, and knows nothing of sessions. The socket calls it with the messages of one read of the network; in the
usual case they are decoded and received in that same call, without a task. What has to wait (for room in the queues,
or for an extension's hook) is held back here, and handed over as one batch when the wait is over, so that batches keep
their order. The socket is read meanwhile, for its pings, until a bounded number of bytes is held.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from .._util.text import to_utf8
from ..channel import Channel
from ..codec import decode_batch, decode_many
from ..errors import BayeuxError, MessageDecodeError, TransportError
from ..session.replies import answers_request
from .base import DONE
from .decoding import LARGE, read_messages, redacted, report_damage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from ..message import Message
    from .base import Completion, Socket, TransportContext

__all__ = ("OpenSocket", "PendingExchanges")

_NORMAL: Final = 1000
_MALFORMED: Final = 1007
_MAX_HELD_BYTES: Final = 2**18
"""Bytes of messages that may be held back; beyond them the socket is not read."""


class _Unfinished(NamedTuple):
    """A batch that is still being received, and what is wrong with the frame behind it."""

    received: Completion
    messages: list[Message]
    malformed: MessageDecodeError | None


class OpenSocket:
    """One socket, until it breaks. Whatever breaks it fails every exchange under way, once.

    Args:
        connection: The library's socket. From now on it is this object's.
        context: What the client gave to the transport.
    """

    def __init__(self, connection: Socket, context: TransportContext) -> None:
        self._connection: Final = connection
        self._context: Final = context
        self._pending: Final = PendingExchanges()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._handing_over: asyncio.Task[None] | None = None
        self._end: TransportError | None = None
        self._failure: BayeuxError | None = None
        self._retired = False
        self._connects = 0
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        connection.start(self)

    @property
    def is_open(self) -> bool:
        """Whether exchanges can be started."""
        return not self._retired and self._failure is None and self._end is None and self._connection.is_open

    @property
    def is_over(self) -> bool:
        """Whether it is closed and no task of it is left."""
        return self._failure is not None and not self._tasks

    # -- exchanges

    async def exchange(self, messages: list[Message], frames: list[bytes]) -> None:
        """Send frames with these messages, one behind the other, and wait for the replies.

        Raises:
            BayeuxError: What broke the socket meanwhile.
        """
        replied = self._pending.expect(messages)
        connects = sum(message.channel == Channel.META_CONNECT for message in messages)
        self._connects += connects
        try:
            for frame in frames:
                await self._connection.send(frame)
            await replied
        except TransportError as error:
            raise self._failure or error from error.__cause__
        except asyncio.CancelledError:
            if replied.cancelled() or not replied.done():
                self._fail(TransportError("the WebSocket was closed: an exchange on it was given up"))
            raise
        finally:
            self._connects -= connects
            self._pending.forget(replied)
            self._close_if_retired()

    def retire(self) -> None:
        """Take no further exchange, and close when those under way are over."""
        self._retired = True
        self._close_if_retired()

    def _close_if_retired(self) -> None:
        if self._retired and not self._pending:
            self._fail(TransportError("the WebSocket was replaced by another"), meant=True)

    async def close(self) -> None:
        """Close the socket, and wait until it is closed and no task of it is left."""
        self._fail(TransportError("the WebSocket transport was closed"), meant=True)
        if self._handing_over is not None:
            self._handing_over.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # -- called by the socket

    def frames_received(self, frames: list[bytes]) -> None:
        """Receive these messages now, or behind those that have to wait."""
        if self._failure is not None:
            return
        if self._handing_over is not None:
            self._hold(frames)
        # Asked for every batch: events come unasked, so to hold connects back does not hold events back.
        elif self._has_large(frames) or ((room := self._context.room()) is not DONE and not room.done()):
            self._hold(frames)
            self._handing_over = self._start(self._hand_over(), "hand-over")
        elif (unfinished := self._receive(frames)) is not None:
            self._handing_over = self._start(self._hand_over(unfinished), "hand-over")

    def closed(self, error: TransportError) -> None:
        """The socket has ended; what came before is received first."""
        if self._handing_over is None:
            self._fail(error)
        else:
            self._end = error

    # -- in

    @staticmethod
    def _has_large(frames: list[bytes]) -> bool:
        """Whether some of these are to be decoded in slices, which takes a task."""
        return max(map(len, frames)) > LARGE

    def _receive(self, frames: list[bytes]) -> _Unfinished | None:
        """Have these messages received; returns what has to be waited for, if anything has."""
        return self._receive_decoded(*self._decode(frames))

    def _receive_decoded(self, messages: list[Message], malformed: MessageDecodeError | None) -> _Unfinished | None:
        try:
            received = self._context.receive(messages)
        except Exception as error:
            self._fail(self._failure_of(error))
            return None
        if received is not DONE and not received.done():
            return _Unfinished(received, messages, malformed)
        self._received(messages, malformed)
        return None

    def _received(self, messages: list[Message], malformed: MessageDecodeError | None) -> None:
        self._pending.receive(messages)
        if malformed is not None:
            self._fail(malformed, _MALFORMED)

    def _decode(self, frames: list[bytes]) -> tuple[list[Message], MessageDecodeError | None]:
        """The Bayeux messages in these frames, or in those before the first that is malformed."""
        if len(frames) > 1 and (together := decode_many(frames)) is not None:
            return together, None
        messages: list[Message] = []
        for frame in frames:
            try:
                decoded = decode_batch(frame)
            except MessageDecodeError as error:
                if _is_blank(frame):
                    continue  # some gateways keep a connection alive so
                return messages, redacted(error, frame, self._context.redact)
            messages += report_damage(decoded, self._context) if decoded.damaged else decoded.messages
        return messages, None

    async def _decode_held(self) -> tuple[list[Message], MessageDecodeError | None]:
        """As `_decode` has it, for what was held back; large frames are decoded in slices."""
        frames = self._take_held()
        if not self._has_large(frames):
            return self._decode(frames)
        messages: list[Message] = []
        for frame in frames:
            try:
                messages += [] if _is_blank(frame) else await read_messages(to_utf8(frame), self._context)
            except MessageDecodeError as error:
                return messages, error
        return messages, None

    def _failure_of(self, error: Exception) -> BayeuxError:
        """A receiver's error as the failure of the socket."""
        if isinstance(error, BayeuxError):
            return error
        failure = TransportError(f"{type(error).__name__}: {self._context.redact(str(error))}")
        failure.__cause__ = error
        return failure

    # -- what has to wait

    def _hold(self, frames: list[bytes]) -> None:
        self._held += frames
        self._held_bytes += sum(map(len, frames))
        if self._held_bytes > _MAX_HELD_BYTES:
            self._connection.pause_reading()

    def _take_held(self) -> list[bytes]:
        frames, self._held = self._held, []
        if self._held_bytes > _MAX_HELD_BYTES:
            self._connection.resume_reading()
        self._held_bytes = 0
        return frames

    async def _hand_over(self, unfinished: _Unfinished | None = None) -> None:
        """Wait for what is unfinished, and hand over what is held back meanwhile, until nothing is."""
        try:
            while self._failure is None:
                if unfinished is not None:
                    await _wait(unfinished.received)
                    self._received(unfinished.messages, unfinished.malformed)
                if not self._held:
                    break
                await _wait(self._context.room())
                unfinished = self._receive_decoded(*await self._decode_held())
        except Exception as error:
            self._fail(self._failure_of(error))
        finally:
            self._handing_over = None
        if self._end is not None:
            self._fail(self._end)

    # -- the end

    def _fail(self, error: BayeuxError, code: int = _NORMAL, *, meant: bool = False) -> None:
        """Receive nothing more, fail every exchange under way with the error, and close the socket."""
        if self._failure is not None:
            return
        self._failure = error
        if not meant and not self._connects:
            self._context.broken(error)
        self._take_held()  # the library has to read on: the server's close frame is behind
        self._pending.fail(error)
        self._start(self._connection.close(code), "close")

    def _start(self, work: Awaitable[None], name: str) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        task.set_name(f"pybayeux-websocket-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class PendingExchanges:
    """The exchanges under way on one socket, where replies come one by one and in any order."""

    def __init__(self) -> None:
        self._exchange_of: Final[dict[str, asyncio.Future[None]]] = {}
        self._unanswered: Final[dict[asyncio.Future[None], set[str]]] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._unanswered)

    def expect(self, messages: Iterable[Message]) -> asyncio.Future[None]:
        """Expect the replies to these messages; the future is done when all are here, or fails with what broke."""
        ids = {message.id for message in messages if message.id is not None}
        replied = asyncio.get_running_loop().create_future()
        if ids:
            self._unanswered[replied] = ids
            self._exchange_of.update(dict.fromkeys(ids, replied))
        else:
            replied.set_result(None)
        return replied

    def receive(self, messages: Iterable[Message]) -> None:
        """Look for replies among the messages that came in."""
        if not self._exchange_of:
            return
        for message in messages:
            if message.id in self._exchange_of and answers_request(message):
                self._settle(message.id)

    def _settle(self, message_id: str) -> None:
        replied = self._exchange_of.pop(message_id)
        left = self._unanswered[replied]
        left.discard(message_id)
        if not left:
            del self._unanswered[replied]
            if not replied.done():  # a task that is cancelled cancels what it waits for
                replied.set_result(None)

    def fail(self, error: BayeuxError) -> None:
        """No reply comes any more: every exchange gets the error."""
        waiting = list(self._unanswered)
        self._exchange_of.clear()
        self._unanswered.clear()
        for replied in waiting:
            if not replied.done():
                replied.set_exception(error)

    def forget(self, replied: asyncio.Future[None]) -> None:
        """Expect nothing for this exchange any more."""
        for message_id in self._unanswered.pop(replied, ()):
            del self._exchange_of[message_id]
        if not replied.cancel() and not replied.cancelled():
            replied.exception()  # its task may have been cancelled in the same moment, and asyncio would complain


async def _wait(completion: Completion) -> None:
    """Wait, and leave the completion alone where the wait is cancelled: no batch is received by half."""
    if not completion.done():
        done = asyncio.Event()
        completion.add_done_callback(lambda _: done.set())
        await done.wait()
    await completion


def _is_blank(frame: bytes) -> bool:
    return not to_utf8(frame).strip()
