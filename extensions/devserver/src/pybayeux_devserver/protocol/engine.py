"""The server side of the protocol, without transports: requests in, answers out.

No socket, no task and no timer. A transport calls `receive` with a request, waits if the exchange has a hold, and calls
`finish` for the answer. The time comes from the given clock. Each kind of message has a module of its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from pybayeux import Channel

from ..options import Options
from . import replies
from .channels import broadcast_channel
from .connects import connect, finish_connect, release
from .errors import Refused, Unauthorized
from .exchange import Answer, Exchange
from .handshakes import handshake
from .publishes import publish
from .server_state import ServerState
from .subscribes import disconnect, subscribe, unsubscribe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ..options import Json
    from .authentication import Tokens
    from .exchange import Caller
    from .sessions import Hold, Session, Stream

__all__ = ("Engine",)

_HANDLERS: Final[Mapping[str, Callable[[ServerState, Json, Exchange], Json | None]]] = {
    Channel.META_HANDSHAKE: handshake,
    Channel.META_CONNECT: connect,
    Channel.META_SUBSCRIBE: subscribe,
    Channel.META_UNSUBSCRIBE: unsubscribe,
    Channel.META_DISCONNECT: disconnect,
}


class Engine:
    """A Bayeux server without its transports.

    Args:
        options: The options of the server.
        clock: Returns the current time, in seconds since the epoch.
    """

    def __init__(self, options: Options | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.options: Final = options or Options()
        self._state: Final = ServerState(self.options, clock)

    @property
    def tokens(self) -> Tokens:
        """The accepted tokens."""
        return self._state.tokens

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions that are alive."""
        return tuple(self._state.sessions)

    def receive(self, messages: Sequence[Json], caller: Caller, stream: Stream | None = None) -> Exchange:
        """Handle the messages of one request.

        If the exchange has a hold with a timeout, the transport waits until the timeout is over or the hold is woken,
        and calls `finish`. If the client leaves meanwhile, it calls `abandon` instead.

        Args:
            messages: The messages.
            caller: The sender.
            stream: The connection that they came over, if it can carry events at any time. A session uses it from its
                first message until it connects over another one, or until the stream is passed to `detach`.
        """
        exchange = Exchange(caller, alone=len(messages) == 1, stream=stream)
        try:
            for message in messages:
                reply = self._handle(message, exchange)
                if reply is not None:
                    exchange.replies.append(reply)
        except Unauthorized:
            exchange.unauthorized = True
        return exchange

    def finish(self, exchange: Exchange) -> Answer:
        """The answer to a request: its replies, and the events that are delivered with them."""
        session, hold = exchange.session, exchange.hold
        if exchange.unauthorized:
            return Answer(status=401)
        if session is None:
            return self._answer(exchange, [])
        if hold is None:
            return self._answer(exchange, _events_with_reply(session))
        if hold.superseded:
            # CometD answers the older of two connects with a 500. The events wait for the younger.
            return Answer(status=500)
        return self._finish_connect(exchange, session, hold)

    def abandon(self, exchange: Exchange) -> None:
        """Release a held connect whose client has left. Its events stay queued."""
        session = exchange.session
        if session is not None and session.hold is exchange.hold:
            release(self._state, session)

    def detach(self, stream: Stream) -> None:
        """Detach every session from a stream that has ended. Events wait until the session connects again."""
        for session in self.sessions:
            if session.stream is stream:
                session.attach(None)

    def publish(self, channel: str, data: Any, *, replay_id: int | None = None, ext: Json | None = None) -> int | None:
        """Publish an event from the server's side.

        Args:
            channel: The channel.
            data: The data.
            replay_id: Its replay id, greater than all earlier ones. None takes the next one.
            ext: Its `ext`, such as that of a publisher.

        Returns:
            The event's replay id, or None if its channel is not logged.

        Raises:
            TypeError: The data cannot be encoded as JSON.
            ValueError: The name is not one of a broadcast channel, or the replay id is not greater than earlier ones.
        """
        # msgspec does not encode subclasses of str.
        name = str(broadcast_channel(channel))
        plain = msgspec.to_builtins(data)
        return self._state.broker.publish(name, plain, ext=msgspec.to_builtins(ext), replay_id=replay_id)

    def push(self, message: Json, client_id: str | None = None) -> None:
        """Queue any message for one session, or for all of them, without a subscription."""
        plain = msgspec.to_builtins(message)
        for session in self._matching(client_id):
            session.deliver(plain)

    def drop(self, client_id: str | None = None, *, at_once: bool = True) -> int:
        """Forget one session, or all of them.

        Args:
            client_id: The session, or None for all.
            at_once: Answer held connects now, without advice, and close the streams, as Faye does. Otherwise they stay
                held until their timeout and are answered with advice ``none``, as CometD does.

        Returns:
            How many sessions were forgotten.
        """
        dropped = self._matching(client_id)
        for session in dropped:
            self._state.sessions.remove(session)
            if at_once:
                session.wake()
                if session.stream is not None:
                    session.stream.end_session(session)
            else:
                session.final_advice = {**replies.advice_to_retry(self.options), "reconnect": "none"}
        return len(dropped)

    def disconnect(self, client_id: str | None = None) -> int:
        """End one session, or all of them: send a ``/meta/disconnect`` without id, then advice ``none``.

        Returns:
            How many sessions were ended.
        """
        ended = self._matching(client_id)
        self.push({"channel": str(Channel.META_DISCONNECT), "successful": True}, client_id)
        self.drop(client_id, at_once=False)
        for session in ended:
            session.wake()
        return len(ended)

    def wake(self) -> None:
        """Have every held connect answered now."""
        for session in self.sessions:
            session.wake()

    def _matching(self, client_id: str | None) -> list[Session]:
        return [session for session in self.sessions if client_id in (None, session.client_id)]

    def _handle(self, message: Json, exchange: Exchange) -> Json | None:
        channel = message.get("channel")
        try:
            if not isinstance(channel, str):
                raise Refused("400::channel_missing")
            return _HANDLERS.get(channel, publish)(self._state, message, exchange)
        except Refused as refusal:
            return replies.failure(message, refusal.error, **refusal.members)

    def _finish_connect(self, exchange: Exchange, session: Session, hold: Hold) -> Answer:
        try:
            reply, events = finish_connect(self._state, exchange, session, hold)
        except Refused as refusal:
            reply, events = replies.failure(hold.request, refusal.error, **refusal.members), []
        except Unauthorized:
            return Answer(status=401)
        exchange.replies.append(reply)
        return self._answer(exchange, events)

    def _answer(self, exchange: Exchange, events: list[Json]) -> Answer:
        order = self.options.handshake_order if exchange.handshake_events else self.options.order
        if self.options.reply_ext is not None:
            for reply in exchange.replies:
                reply["ext"] = reply.get("ext", {}) | msgspec.to_builtins(self.options.reply_ext(reply))
        return Answer(exchange.replies, [*exchange.handshake_events, *events], order)


def _events_with_reply(session: Session) -> list[Json]:
    """The events that a reply other than a connect's carries: none for a session with a stream or a held connect."""
    if session.queue.connect_only or session.streaming or session.hold is not None:
        return []
    return session.queue.take()
