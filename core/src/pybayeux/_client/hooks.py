"""Hook calls: the one place that runs the compiled pipelines of the extensions.

Owns which arguments each hook is called with, and what a veto means to the sender of a message. Both clients use it; it
knows nothing of sessions.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from .._util.credentials import in_ext
from ..channel import Channel
from ..codec import encode
from ..errors import BayeuxError, MessageDropped
from ..extensions.blocking import WATCHED
from ..message import Message
from .user_calls import UserCalls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from .._util.redact import Redactor
    from ..errors import ReceiverError
    from ..extensions.compiled_hooks import CompiledHooks
    from ..extensions.pipeline import Pipeline
    from ..extensions.result_policy import Veto
    from ..hook_client import HookClient
    from ..hookspecs import DiagnosisFindings, Redelivery
    from ..state import ConnectionState
    from ..transports.base import TransportRequest, TransportResponse
    from .background import BackgroundTasks

__all__ = ("HookRunner", "Outgoing", "Vetoes")

Vetoes: TypeAlias = "Mapping[int, MessageDropped]"
"""The messages of a batch that an extension dropped, by `id()`, each with the error that its sender gets."""

_NO_VETOES: Final[Vetoes] = {}


class Outgoing(NamedTuple):
    """What the extensions let pass, and what they stopped, each with the reason."""

    passed: list[Message]
    stopped: list[tuple[Message, BayeuxError]]


class HookRunner:
    """Calls the hooks of one client's extensions.

    Args:
        client: What the hooks get as `client`.
        hooks: The hooks of the client's extensions.
        redact: Learns the secrets in messages that leave.
        background: Awaits the asynchronous hooks that only report something.

    Attributes:
        calls: The calls of this client into code that it awaits.
    """

    def __init__(self, client: HookClient, hooks: CompiledHooks, redact: Redactor, background: BackgroundTasks) -> None:
        self._client: Final = client
        self._compiled: Final = hooks
        self._redact: Final = redact
        self._background: Final = background
        self._watch: Final = hooks.watch
        self.calls: Final = UserCalls()
        self._checks_ext = False

    # -- messages

    async def outgoing(self, messages: Sequence[Message]) -> Outgoing:
        """Run `outgoing` on each message in order; one that is stopped does not stop the others."""
        result = Outgoing([], [])
        for message in messages:
            message_id = message.id
            pipeline: Pipeline[..., Veto | None] = self._compiled.outgoing.timed
            # The errors of a handshake decide whether to try again.
            if message.channel == Channel.META_HANDSHAKE or self._checks_ext:
                pipeline = self._compiled.outgoing_with(partial(_check_ext, message))
            try:
                if pipeline.is_async:
                    veto = await self.calls.awaiting(pipeline.acall(message, self._client))
                else:
                    veto = pipeline.call(message, self._client)
            except BayeuxError as error:
                result.stopped.append((message, error))
                continue
            message.id = message_id  # replies are matched by it
            self._redact.remember(message.client_id, *in_ext(message.ext))
            if veto is None:
                result.passed.append(message)
            else:
                result.stopped.append((message, _dropped(veto)))
        return result

    def suspect(self, messages: Iterable[Message]) -> None:
        """Look for an `ext` that cannot be sent among messages that were not: then each hook is checked from now on.

        To check each always would cost every message; this costs the attempt that failed, and the next one names the
        extension.
        """
        try:
            for message in messages:
                _check_ext(message)
        except TypeError:
            self._checks_ext = True

    def incoming(self, messages: Sequence[Message]) -> Vetoes | None:
        """Run `incoming` on a batch; None where an implementation has to be awaited: then `incoming_async` does it."""
        self._watch.left = WATCHED
        pipeline = self._compiled.incoming
        if pipeline.is_empty or not messages:
            return _NO_VETOES
        if pipeline.is_async:
            return None
        results = pipeline.timed.call_batch(messages[:WATCHED], self._client)
        if len(messages) > WATCHED:
            results += pipeline.call_batch(messages[WATCHED:], self._client)
        return _vetoes(messages, results)

    async def incoming_async(self, messages: Sequence[Message]) -> Vetoes:
        """Run `incoming` on a batch, awaiting each asynchronous implementation in its place."""
        pipeline = self._compiled.incoming.timed
        awaiting = self.calls.awaiting
        return _vetoes(messages, [await awaiting(pipeline.acall(message, self._client)) for message in messages])

    @property
    def observes_delivery(self) -> bool:
        """Whether an extension wants to know which events were handled."""
        return not self._compiled.delivered.is_empty

    def delivered(self, message: Message) -> Awaitable[Any] | None:
        """Run `delivered`; returns what is left to await, if an implementation is asynchronous."""
        pipeline = self._compiled.delivered
        if pipeline.is_async:
            return self.calls.awaiting(pipeline.timed.acall(message, self._client))
        if self._watch.left:
            self._watch.left -= 1
            pipeline = pipeline.timed
        pipeline.call(message, self._client)
        return None

    # -- HTTP requests and upgrades

    async def request(self, request: TransportRequest) -> None:
        """Run `request` before an HTTP request or WebSocket upgrade leaves."""
        await self._run(self._compiled.request.timed, request)

    async def response(self, response: TransportResponse) -> None:
        """Run `response` on the status and headers of an answer."""
        await self._run(self._compiled.response.timed, response)

    async def diagnose(self, findings: DiagnosisFindings) -> None:
        """Run `diagnose` in a session that works."""
        await self._run(self._compiled.diagnose, findings)

    async def _run(self, pipeline: Pipeline[..., Any], subject: object) -> None:
        if pipeline.is_async:
            await self.calls.awaiting(pipeline.acall(subject, self._client))
        elif not pipeline.is_empty:
            pipeline.call(subject, self._client)

    # -- reports, which nothing waits for

    def state_changed(self, old: ConnectionState, new: ConnectionState) -> None:
        """Run `state_changed`."""
        self._notify(self._compiled.state_changed.timed, old, new)

    def failed(self, error: BayeuxError) -> None:
        """Run `failed`."""
        self._notify(self._compiled.failed.timed, error)

    def unsubscribed(self, channel: str) -> None:
        """Run `unsubscribed`."""
        self._notify(self._compiled.unsubscribed.timed, channel)

    def _notify(self, pipeline: Pipeline[..., Any], *arguments: object) -> None:
        if pipeline.is_async:
            self._background.add(self.calls.awaiting(pipeline.acall(*arguments, self._client)))
        elif not pipeline.is_empty:
            pipeline.call(*arguments, self._client)

    # -- questions

    async def dead_letter(self, message: Message, subscription: str, error: ReceiverError) -> str | None:
        """Have an extension keep an event that a handler failed on; returns where, or None if none does."""
        pipeline: Pipeline[..., Any] = self._compiled.dead_letter.timed
        place: str | None = await pipeline.acall(message, subscription, error, self._client)
        return place

    def redelivery(self) -> Redelivery | None:
        """Who sends again what is not taken now, or None where it would be lost."""
        return self._compiled.redelivery.timed.call(self._client)

    def more_time(self, message: Message) -> float:
        """Seconds that an extension gives the server beyond the deadline for its answer to `message`."""
        return self._compiled.extend_timeout.timed.call(message, self._client) or 0.0

    def channel_error(self, channel: str) -> BayeuxError | None:
        """What an extension finds wrong with a channel that the server has accepted."""
        return self._compiled.channel_error.call(channel, self._client)

    def interpret(self, error: BayeuxError) -> BayeuxError:
        """What an error means to an extension that knows the server, else the error as it is."""
        if self._compiled.interpret_error.is_empty:
            return error
        return self._compiled.interpret_error.timed.call(error, self._client) or error

    def transaction(self, message: Message, earlier: Sequence[Message]) -> AbstractAsyncContextManager[Any] | None:
        """The transaction in which an extension lets an event be handled, and those before it, if one has any."""
        return self._compiled.transaction.timed.call(message, self._client, earlier)


def _check_ext(message: Message) -> None:
    """See that the `ext` of a message can be sent: in the call of the extension that put it there.

    Raises:
        TypeError: It cannot.
    """
    if message.ext is None:
        return
    if not isinstance(message.ext, dict):
        raise TypeError(f"ext: expected a dict, got {type(message.ext).__name__}")
    for name, value in message.ext.items():
        try:
            encode([Message(channel=message.channel, ext={name: value})])
        except Exception as error:
            raise TypeError(f"ext[{name!r}] cannot be expressed in JSON: {error}") from error


# -- vetoes


def _vetoes(messages: Sequence[Message], results: Iterable[Veto | None]) -> Vetoes:
    return {id(message): _dropped(veto) for message, veto in zip(messages, results, strict=True) if veto is not None}


def _dropped(veto: Veto) -> MessageDropped:
    return MessageDropped(veto.reason, veto.extension, veto.remedy)
