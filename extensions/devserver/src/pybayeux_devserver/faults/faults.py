"""Faults on demand: `server.faults`, with one method for each thing that can fail.

Owns the planned faults. It does not know what a fault looks like on the wire: that is in `kinds.py`.
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
    """The faults of a server.

    Methods with `n` and `channel` apply to the next `n` requests that have a message to that channel, such as
    ``/meta/connect``, or to any requests if it is None. Plans apply in the order in which they were made, one per
    request.

    On a WebSocket each frame is a request. A frame of pushed events counts as the reply to a ``/meta/connect`` for
    plans with `with_events`, because over HTTP that reply would carry them.

    Args:
        engine: The engine whose sessions and tokens are affected.
        sockets: The open connections.
    """

    def __init__(self, engine: Engine, sockets: Sockets) -> None:
        self._engine: Final = engine
        self._sockets: Final = sockets
        self._requests: list[Plan[Fault]] = []
        self._replies: list[Plan[Fault]] = []
        self._upgrades: list[Plan[Fault]] = []
        self._released = asyncio.Event()

    def drop_sessions(self, client_id: str | None = None, *, at_once: bool = True) -> int:
        """Forget one session, or all of them, as a server does that was redeployed or moved.

        Args:
            client_id: The session, or None for all.
            at_once: Answer held connects now and close WebSockets, as Faye does. Otherwise held connects are answered
                at their timeout, with advice ``none``, as CometD does.

        Returns:
            How many sessions were forgotten.
        """
        return self._engine.drop(client_id, at_once=at_once)

    def disconnect_sessions(self, client_id: str | None = None) -> int:
        """End one session, or all of them: send a ``/meta/disconnect`` without id, then advice ``none``.

        Returns:
            How many sessions were ended.
        """
        return self._engine.disconnect(client_id)

    def expire_token(self, token: str | None = None) -> None:
        """Stop accepting a token, or every known token. Held connects are answered at once."""
        self._engine.tokens.revoke(token)
        self._engine.wake()

    def lose_requests(self, n: int = 1, *, channel: str | None = None) -> None:
        """Cut the connections of the next requests before they are handled."""
        self._requests.append(Plan(n, DropConnection(self._sockets), channel))

    def lose_replies(self, n: int = 1, *, channel: str | None = None, with_events: bool = False) -> None:
        """Handle the next requests, and cut their connections instead of answering.

        The events of such a reply are lost for their session, unless it uses acknowledgement.

        Args:
            n: How many requests.
            channel: Only requests with a message to this channel.
            with_events: Only replies that carry events.
        """
        self._replies.append(Plan(n, DropConnection(self._sockets), channel, with_events))

    def truncate_replies(self, n: int = 1, *, channel: str | None = None, with_events: bool = False) -> None:
        """Send half of the next replies, then close their connections. The arguments are those of `lose_replies`."""
        self._replies.append(Plan(n, Truncate(self._sockets), channel, with_events))

    def delay_replies(self, n: int = 1, *, seconds: float, channel: str | None = None) -> None:
        """Send the next replies this many seconds later."""
        self._replies.append(Plan(n, Delay(lambda: asyncio.sleep(seconds)), channel))

    def hold_replies(self, n: int = 1, *, channel: str | None = None) -> None:
        """Hold the next replies back until `release_replies`."""
        self._replies.append(Plan(n, Delay(lambda: self._released.wait()), channel))

    def release_replies(self) -> None:
        """Send the replies that are held back."""
        released, self._released = self._released, asyncio.Event()
        released.set()

    def unavailable(
        self, n: int = 1, *, retry_after: float | None = None, channel: str | None = None, status: int = 503
    ) -> None:
        """Answer the next requests with an HTTP error, as an overloaded server does, without handling them.

        A WebSocket upgrade counts as such a request if no channel is given. A frame closes its WebSocket with code
        1013.

        Args:
            n: How many requests.
            retry_after: Seconds for the header ``Retry-After``.
            channel: Only requests with a message to this channel.
            status: The HTTP status.
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
        """Answer the next requests with something that is not Bayeux, as a proxy in between does."""
        self._requests.append(Plan(n, Replace(status, body, headers), channel))

    def refuse_websocket(self, n: int = 1, *, status: int = 503) -> None:
        """Refuse the next WebSocket upgrades with an HTTP error. Other requests are not affected."""
        self._upgrades.append(Plan(n, Replace(status)))

    def hang_websocket(self, n: int = 1) -> None:
        """Never answer the next WebSocket upgrades, as some proxies do."""
        self._upgrades.append(Plan(n, NeverAnswer()))

    def close_websockets(self, *, code: int | None = 1001) -> int:
        """Close every WebSocket. The sessions stay alive.

        Args:
            code: The close code. None cuts the connections without a close frame.

        Returns:
            How many WebSockets there were.
        """
        websockets = tuple(self._sockets.websockets)
        for websocket in websockets:
            if code is None:
                websocket.cut()
            else:
                websocket.close(code)
        return len(websockets)

    def clear(self) -> None:
        """Cancel all planned faults, and send the replies that are held back."""
        for plans in (self._requests, self._replies, self._upgrades):
            plans.clear()
        self.release_replies()

    @property
    def planned(self) -> int:
        """How many requests, replies and upgrades a planned fault still waits for."""
        return sum(plan.times for plans in (self._requests, self._replies, self._upgrades) for plan in plans)

    def for_request(self, request: Sequence[Json]) -> Fault | None:
        """The fault that happens to a request instead of handling it, or None."""
        return take_fault(self._requests, request)

    def for_upgrade(self) -> Fault | None:
        """The fault that happens to a WebSocket upgrade, or None."""
        return take_fault(self._upgrades) or take_fault(self._requests)

    def for_reply(self, request: Sequence[Json], reply: Sequence[Json]) -> Fault | None:
        """The fault that happens to the reply of a request, or None."""
        return take_fault(self._replies, request, reply)

    def for_pushed_events(self, events: Sequence[Json]) -> Fault | None:
        """The fault that happens to pushed events, or None."""
        return take_fault([plan for plan in self._replies if plan.with_events], _CONNECT, events)
