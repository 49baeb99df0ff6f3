"""Faults on demand: what shall go wrong, how often, and for which requests.

Owns the plan. `server.faults` is its face to tests; how a fault looks on the wire is in `responses.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from .responses import DelayedResponse, HalfResponse, NoResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .engine import Engine
    from .listener import Sockets
    from .options import Json

__all__ = ("Faults",)


@dataclass(slots=True)
class _Plan:
    """Something that goes wrong the next few times."""

    times: int
    channel: str | None
    with_events: bool
    spoil: Callable[[Response], Response]

    def strikes(self, asked: Sequence[Json], answered: Sequence[Json]) -> bool:
        """Whether this request is one of those meant; it counts then."""
        if self.times <= 0 or (self.channel and self.channel not in [m.get("channel") for m in asked]):
            return False
        if self.with_events and not any("data" in message for message in answered):
            return False
        self.times -= 1
        return True


class Faults:
    """What goes wrong next.

    Methods with `n` and `channel` plan for the next `n` requests that have a message to that channel, such as
    ``/meta/connect``, or for any requests where it is None. Plans are taken in the order in which they were made,
    one per request.

    Args:
        engine: Whose sessions and tokens are at risk.
        sockets: The connections that can be cut.
    """

    def __init__(self, engine: Engine, sockets: Sockets) -> None:
        self._engine: Final = engine
        self._sockets: Final = sockets
        self._requests: list[_Plan] = []
        self._replies: list[_Plan] = []
        self._released = asyncio.Event()

    def drop_sessions(self, client_id: str | None = None, *, at_once: bool = True) -> int:
        """Forget one session or all, as a server does that was redeployed or moved.

        Args:
            client_id: The session, or None for all.
            at_once: Answer held connects now (Faye); otherwise at their timeout, with advice ``none`` (CometD).

        Returns:
            How many sessions are gone.
        """
        return self._engine.drop(client_id, at_once=at_once)

    def disconnect_sessions(self, client_id: str | None = None) -> int:
        """End one session or all from the server's side: a ``/meta/disconnect`` without id, then advice ``none``.

        Returns:
            How many sessions are gone.
        """
        self._engine.push({"channel": "/meta/disconnect", "successful": True}, client_id)
        return self._engine.drop(client_id, at_once=False)

    def expire_token(self, token: str | None = None) -> None:
        """Accept a token no longer, or none of those known; connects that are held learn it at once."""
        self._engine.tokens.revoke(token)
        self._engine.wake()

    def lose_requests(self, n: int = 1, *, channel: str | None = None) -> None:
        """Cut the connection of the next requests before anything is done with them."""
        self._requests.append(_Plan(n, channel, False, lambda _: NoResponse(self._sockets)))

    def lose_replies(self, n: int = 1, *, channel: str | None = None, with_events: bool = False) -> None:
        """Do what the next requests ask for, and cut the connection instead of an answer.

        The events of such a reply are lost to their session, unless it acknowledges.

        Args:
            n: How many.
            channel: The requests meant.
            with_events: Only replies that carry events.
        """
        self._replies.append(_Plan(n, channel, with_events, lambda _: NoResponse(self._sockets)))

    def truncate_replies(self, n: int = 1, *, channel: str | None = None, with_events: bool = False) -> None:
        """Send half of the next replies, then close the connection. Arguments as for `lose_replies`."""
        self._replies.append(_Plan(n, channel, with_events, lambda r: HalfResponse(r, self._sockets)))

    def delay_replies(self, n: int = 1, *, seconds: float, channel: str | None = None) -> None:
        """Send the next replies so much later."""
        self._replies.append(_Plan(n, channel, False, lambda r: DelayedResponse(r, asyncio.sleep(seconds))))

    def hold_replies(self, n: int = 1, *, channel: str | None = None) -> None:
        """Keep the next replies back until `release_replies`."""
        self._replies.append(_Plan(n, channel, False, lambda r: DelayedResponse(r, self._released.wait())))

    def release_replies(self) -> None:
        """Send what was kept back."""
        released, self._released = self._released, asyncio.Event()
        released.set()

    def unavailable(
        self, n: int = 1, *, retry_after: float | None = None, channel: str | None = None, status: int = 503
    ) -> None:
        """Answer the next requests with an HTTP error, as an overloaded server does, and do nothing else.

        Args:
            n: How many.
            retry_after: Seconds for the header ``Retry-After``.
            channel: The requests meant.
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
        answer = Response(body, status, headers)
        self._requests.append(_Plan(n, channel, False, lambda _: answer))

    def clear(self) -> None:
        """Let nothing more go wrong; what is kept back is sent."""
        self._requests.clear()
        self._replies.clear()
        self.release_replies()

    def instead_of(self, request: Sequence[Json]) -> Response | None:
        """What this request gets in place of being handled, or None."""
        for plan in self._requests:
            if plan.strikes(request, ()):
                return plan.spoil(Response())
        return None

    def spoiled(self, request: Sequence[Json], answer: Sequence[Json], response: Response) -> Response:
        """The response as it goes out: itself, unless its turn has come."""
        for plan in self._replies:
            if plan.strikes(request, answer):
                return plan.spoil(response)
        return response
