"""The server side of the protocol as an org has it, without HTTP: messages in, messages out.

No socket, no task and no timer. The endpoint calls `receive`, waits if the context has a hold, and calls `finish` for
the reply. Each kind of message has a module of its own.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from pybayeux import Channel
from pybayeux_devserver.toolkit import Refused

from ..events.channels import product_of
from ..options import BatchOrder
from ..texts import UNKNOWN_CHANNEL, spaced
from . import replies
from .connects import connect, finish_connect, release
from .handshakes import handshake
from .request_context import Reply
from .session_endings import SERVER_DISCONNECT
from .subscribes import disconnect, subscribe, unsubscribe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pybayeux_devserver.toolkit import Hold, Json

    from ..state import OrgState
    from .request_context import RequestContext
    from .sessions import OrgSession

__all__ = ("OrgEngine",)

_HANDLERS: Final[Mapping[str, Callable[[OrgState, Json, RequestContext], Json | None]]] = {
    Channel.META_HANDSHAKE: handshake,
    Channel.META_CONNECT: connect,
    Channel.META_SUBSCRIBE: subscribe,
    Channel.META_UNSUBSCRIBE: unsubscribe,
    Channel.META_DISCONNECT: disconnect,
}


class OrgEngine:
    """Handles messages.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state
        self._random: Final = random.Random(f"order:{state.options.seed}")

    def receive(self, messages: Sequence[Json], context: RequestContext) -> None:
        """Handle the messages of one request.

        If the context has a hold with a timeout, the endpoint waits until the timeout is over or the hold is woken, and
        calls `finish`. If the client leaves meanwhile, it calls `abandon` instead.
        """
        context.alone = len(messages) == 1
        for message in messages:
            context.replies += self._handle(message, context)

    def finish(self, context: RequestContext) -> Reply:
        """The reply to a request, with the due events if it has a connect."""
        session, hold = context.session, context.hold
        if session is not None and hold is not None:
            if hold.superseded:
                # CometD answers the older of two connects with a 500. The events wait for the younger.
                return Reply(status=500)
            return Reply([*context.replies, *self._finish_connect(context, session, hold)])
        return Reply(context.replies, self._state.options.denial_status if context.denied else 200)

    def abandon(self, context: RequestContext) -> None:
        """Release a held connect whose client has left. Its events do not count as delivered."""
        session = context.session
        if session is not None and session.hold is context.hold:
            release(self._state, session)

    def wake_due(self) -> None:
        """Have those held connects answered for which there are events."""
        for session in self._state.sessions:
            if session.hold is not None and self._state.batches.has_events(session):
                session.wake()

    def delivered(self, context: RequestContext) -> None:
        """Mark the events of a reply as delivered, whether it arrives or not."""
        if context.batch is not None:
            context.batch.mark_delivered()
            self._state.quotas.count(product_of(subscription.channel) for subscription, _ in context.batch.offsets)

    def _handle(self, message: Json, context: RequestContext) -> list[Json]:
        channel = message.get("channel")
        try:
            if context.version_error is not None:
                raise _wrong_version(channel, context.version_error)
            handler = _HANDLERS.get(channel) if isinstance(channel, str) else None
            if handler is None:
                # Clients cannot publish over CometD at all. They use REST.
                raise Refused(UNKNOWN_CHANNEL)
            reply = handler(self._state, message, context)
        except Refused as refusal:
            return self._failure(message, refusal)
        return [] if reply is None else [reply]

    def _failure(self, message: Json, refusal: Refused) -> list[Json]:
        members = {**refusal.members}
        before = [{**SERVER_DISCONNECT}] if members.pop("disconnect_first", False) else []
        anonymous = members.pop("anonymous", False)
        reply = replies.failure(message, refusal.error, **members)
        if self._state.options.two_spaces:
            reply = spaced(reply)
        if anonymous:
            reply = {name: reply[name] for name in ("error", "successful", "advice")}
        return [*before, reply]

    def _finish_connect(self, context: RequestContext, session: OrgSession, hold: Hold) -> list[Json]:
        try:
            reply = finish_connect(self._state, context, session, hold)
        except Refused as refusal:
            return self._failure(hold.request, refusal)
        if session.left:
            return [reply]
        context.batch = self._state.batches.next_batch(session)
        return self._in_order(reply, context.batch.messages)

    def _in_order(self, reply: Json, events: list[Json]) -> list[Json]:
        order = self._state.options.batch_order
        if order is BatchOrder.SHUFFLED:
            offset = self._random.randint(0, len(events))
        else:
            offset = len(events) if order is BatchOrder.EVENTS_FIRST else 0
        return [*events[:offset], reply, *events[offset:]]


def _wrong_version(channel: object, error: str) -> Refused:
    return replies.denied(error) if channel == Channel.META_HANDSHAKE else Refused(error)
