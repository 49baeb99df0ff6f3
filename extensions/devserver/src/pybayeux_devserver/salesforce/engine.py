"""An org's part of the protocol, without HTTP: messages in, messages out.

No socket, no task and no timer: the endpoint hands in messages, waits where a visit has a hold, and asks for the
reply. What each message does is in the modules named after them.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from pybayeux import Channel

from ..errors import Refused
from . import shapes
from .connects import connect, finish_connect, release
from .farewells import GOODBYE_MESSAGE
from .handshakes import handshake
from .options import BatchOrder
from .subscribes import disconnect, subscribe, unsubscribe
from .texts import UNKNOWN_CHANNEL, spaced
from .visit import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..options import Json
    from ..sessions import Hold
    from .sessions import OrgSession
    from .state import OrgState
    from .visit import Visit

__all__ = ("OrgEngine",)

_HANDLERS: Final[Mapping[str, Callable[[OrgState, Json, Visit], Json | None]]] = {
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

    def receive(self, messages: Sequence[Json], visit: Visit) -> None:
        """Handle the messages of one request.

        Where the visit has a hold with a timeout, the endpoint waits for it, or for its waking, before it calls
        `finish`; or it calls `abandon` if the client leaves meanwhile.
        """
        visit.alone = len(messages) == 1
        for message in messages:
            visit.replies += self._handle(message, visit)

    def finish(self, visit: Visit) -> Reply:
        """The reply to a request, with the events that are due if it had a connect."""
        session, hold = visit.session, visit.hold
        if session is not None and hold is not None:
            if hold.superseded:
                # CometD fails the older of two connects with a 500; the events wait for the younger.
                return Reply(status=500)
            return Reply([*visit.replies, *self._finish_connect(visit, session, hold)])
        return Reply(visit.replies, self._state.options.denial_status if visit.denied else 200)

    def abandon(self, visit: Visit) -> None:
        """The client has gone before its connect was answered; its events are not marked."""
        session = visit.session
        if session is not None and session.hold is visit.hold:
            release(self._state, session)

    def wake_due(self) -> None:
        """Have those connects answered for which there are events."""
        for session in self._state.sessions:
            if session.hold is not None and self._state.delivery.due(session):
                session.wake()

    def delivered(self, visit: Visit) -> None:
        """The reply is on its way: its events count as delivered, whether it arrives or not."""
        if visit.batch is not None:
            visit.batch.mark()
            self._state.quotas.count(len(visit.batch.messages))

    def _handle(self, message: Json, visit: Visit) -> list[Json]:
        channel = message.get("channel")
        try:
            if visit.version_error is not None:
                raise _wrong_version(channel, visit.version_error)
            handler = _HANDLERS.get(channel) if isinstance(channel, str) else None
            if handler is None:
                # Clients cannot publish by CometD at all: REST is for that.
                raise Refused(UNKNOWN_CHANNEL)
            reply = handler(self._state, message, visit)
        except Refused as refused:
            return self._refused(message, refused)
        return [] if reply is None else [reply]

    def _refused(self, message: Json, refused: Refused) -> list[Json]:
        members = {**refused.members}
        before = [{**GOODBYE_MESSAGE}] if members.pop("goodbye", False) else []
        anonymous = members.pop("anonymous", False)
        reply = shapes.failure(message, refused.error, **members)
        if self._state.options.two_spaces:
            reply = spaced(reply)
        if anonymous:
            reply = {name: reply[name] for name in ("error", "successful", "advice")}
        return [*before, reply]

    def _finish_connect(self, visit: Visit, session: OrgSession, hold: Hold) -> list[Json]:
        try:
            reply = finish_connect(self._state, visit, session, hold)
        except Refused as refused:
            return self._refused(hold.request, refused)
        if session.left:
            return [reply]
        visit.batch = self._state.delivery.batch(session)
        return self._in_order(reply, visit.batch.messages)

    def _in_order(self, reply: Json, events: list[Json]) -> list[Json]:
        order = self._state.options.batch_order
        if order is BatchOrder.SHUFFLED:
            place = self._random.randint(0, len(events))
        else:
            place = len(events) if order is BatchOrder.EVENTS_FIRST else 0
        return [*events[:place], reply, *events[place:]]


def _wrong_version(channel: object, error: str) -> Refused:
    return shapes.denied(error) if channel == Channel.META_HANDSHAKE else Refused(error)
