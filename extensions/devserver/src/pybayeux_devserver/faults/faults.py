"""Faults on demand: what shall go wrong, how often, and for which requests.

Owns the plan. `server.faults` is its face to tests; how a fault looks on the wire is in `mishaps.py`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pybayeux import Channel

from .kinds import Delay, DropConnection, NeverAnswer, Replace, Truncate
from .plans import Plan, take_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..listener import Sockets
    from ..options import Json
    from ..protocol.engine import Engine
    from .kinds import Fault

__all__ = ("Faults",)

_CONNECT: Final[Sequence[Json]] = ({"channel": Channel.META_CONNECT},)


class Faults:
    """What goes wrong next.

    Methods with `n` and `channel` plan for the next `n` requests that have a message to that channel, such as
    ``/meta/connect``, or for any requests where it is None. Plans are taken in the order in which they were made,
    one per request.

    On a WebSocket, a frame is a request. A frame of events that nobody asked for counts as an answer to a
    ``/meta/connect``, which would bring them otherwise, to plans for replies with events.

    Args:
        engine: Whose sessions and tokens are at risk.
        sockets: The connections that can be cut.
    """

    def __init__(self, engine: Engine, sockets: Sockets) -> None:
        self._engine: Final = engine
        self._sockets: Final = sockets
        self._requests: list[Plan[Fault]] = []
        self._replies: list[Plan[Fault]] = []
        self._upgrades: list[Plan[Fault]] = []
        self._released = asyncio.Event()

    def drop_sessions(self, client_id: str | None = None, *, at_once: bool = True) -> int:
        """Forget one session or all, as a server does that was redeployed or moved.

        Args:
            client_id: The session, or None for all.
            at_once: Answer held connects now and close WebSockets (Faye); otherwise held connects are answered at
                their timeout, with advice ``none`` (CometD).

        Returns:
            How many sessions are gone.
        """
        return self._engine.drop(client_id, at_once=at_once)

    def disconnect_sessions(self, client_id: str | None = None) -> int:
        """End one session or all from the server's side: a ``/meta/disconnect`` without id, then advice ``none``.

        Returns:
            How many sessions are gone.
        """
        return self._engine.disconnect(client_id)

    def expire_token(self, token: str | None = None) -> None:
        """Accept a token no longer, or none of those known; connects that are held learn it at once."""
        self._engine.tokens.revoke(token)
        self._engine.wake()

    def lose_requests(self, n: int = 1, *, channel: str | None = None) -> None:
        """Cut the connection of the next requests before anything is done with them."""
        self._requests.append(Plan(n, DropConnection(self._sockets), channel))

    def lose_replies(self, n: int = 1, *, channel: str | None = None, with_events: bool = False) -> None:
        """Do what the next requests ask for, and cut the connection instead of an answer.

        The events of such a reply are lost to their session, unless it acknowledges.

        Args:
            n: How many.
            channel: The requests condition.
            with_events: Only replies that carry events.
        """
        self._replies.append(Plan(n, DropConnection(self._sockets), channel, with_events))

    def truncate_replies(self, n: int = 1, *, channel: str | None = None, with_events: bool = False) -> None:
        """Send half of the next replies, then close the connection. Arguments as for `lose_replies`."""
        self._replies.append(Plan(n, Truncate(self._sockets), channel, with_events))

    def delay_replies(self, n: int = 1, *, seconds: float, channel: str | None = None) -> None:
        """Send the next replies so much later."""
        self._replies.append(Plan(n, Delay(lambda: asyncio.sleep(seconds)), channel))

    def hold_replies(self, n: int = 1, *, channel: str | None = None) -> None:
        """Keep the next replies back until `release_replies`."""
        self._replies.append(Plan(n, Delay(lambda: self._released.wait()), channel))

    def release_replies(self) -> None:
        """Send what was kept back."""
        released, self._released = self._released, asyncio.Event()
        released.set()

    def unavailable(
        self, n: int = 1, *, retry_after: float | None = None, channel: str | None = None, status: int = 503
    ) -> None:
        """Answer the next requests with an HTTP error, as an overloaded server does, and do nothing else.

        The upgrade to a WebSocket is such a request if no channel is given; a frame ends its socket with code 1013.

        Args:
            n: How many.
            retry_after: Seconds for the header ``Retry-After``.
            channel: The requests condition.
            status: Another status than 503.
        """
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        self.answer_instead(n, status=status, body="Unavailable", headers=headers, channel=channel)

    def answer_instead(
        self,
        n: int = 1,
        *,
        status: int = 200,
        body: str | bytes = "",
        headers: dict[str, str] | None = None,
        channel: str | None = None,
    ) -> None:
        """Answer the next requests with something that is no Bayeux, as a proxy in between does."""
        self._requests.append(Plan(n, Replace(status, body, headers), channel))

    def refuse_websocket(self, n: int = 1, *, status: int = 503) -> None:
        """Refuse the next upgrades to a WebSocket with an HTTP error, and nothing else."""
        self._upgrades.append(Plan(n, Replace(status)))

    def hang_websocket(self, n: int = 1) -> None:
        """NeverAnswer answer the next upgrades to a WebSocket, as some proxies do."""
        self._upgrades.append(Plan(n, NeverAnswer()))

    def close_websockets(self, *, code: int | None = 1001) -> int:
        """Close every WebSocket; the sessions live on.

        Args:
            code: The close code; None cuts the connections without one.

        Returns:
            How many there were.
        """
        websockets = tuple(self._sockets.websockets)
        for websocket in websockets:
            if code is None:
                websocket.cut()
            else:
                websocket.close(code)
        return len(websockets)

    def clear(self) -> None:
        """Let nothing more go wrong; what is kept back is sent."""
        for plans in (self._requests, self._replies, self._upgrades):
            plans.clear()
        self.release_replies()

    def for_request(self, request: Sequence[Json]) -> Fault | None:
        """What this request gets in place of being handled, or None."""
        return take_fault(self._requests, request)

    def for_upgrade(self) -> Fault | None:
        """The same for the upgrade to a WebSocket."""
        return take_fault(self._upgrades) or take_fault(self._requests)

    def for_reply(self, request: Sequence[Json], answer: Sequence[Json]) -> Fault | None:
        """What becomes of the answer to a request if its turn has come, or None."""
        return take_fault(self._replies, request, answer)

    def for_pushed_events(self, events: Sequence[Json]) -> Fault | None:
        """The same for events that nobody asked for."""
        return take_fault([plan for plan in self._replies if plan.with_events], _CONNECT, events)
