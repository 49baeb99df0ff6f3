"""Waiters: the callers that wait for the outcome of a request, for a subscription to be accepted, or for a state."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..state import ConnectionState

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from ..message import Message
    from ..session import Request

__all__ = ("Waiters", "implies")

_S = ConnectionState
# A caller that waits for HANDSHAKEN has what it wants in CONNECTED too.
_IMPLIED: Final = {
    _S.HANDSHAKEN: frozenset({_S.HANDSHAKEN, _S.CONNECTING, _S.CONNECTED, _S.UNCONNECTED}),
    _S.CONNECTING: frozenset({_S.CONNECTING, _S.CONNECTED}),
    _S.TERMINATING: frozenset({_S.TERMINATING, _S.DISCONNECTED}),
    _S.DISCONNECTING: frozenset({_S.DISCONNECTING, _S.TERMINATING, _S.DISCONNECTED}),
}


class Waiters:
    """Futures by what they wait for. Each is settled exactly once; none is left when the session ends."""

    def __init__(self) -> None:
        self._requests: dict[Request, asyncio.Future[Message]] = {}
        self._channels: dict[str, list[asyncio.Future[None]]] = {}
        self._states: list[tuple[ConnectionState, asyncio.Future[None]]] = []

    async def for_reply(self, request: Request) -> Message:
        """Wait for the server's reply to a request, and return it; raises the error that ended the request."""
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._requests[request] = future
        try:
            return await future
        finally:
            self._requests.pop(request, None)

    async def for_channel(self, channel: str) -> None:
        """Wait until the server accepts a subscription; raises its refusal."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._channels.setdefault(channel, []).append(future)
        await future

    async def for_state(self, wanted: ConnectionState, current: ConnectionState) -> None:
        """Wait until the session is in a state, or in one that implies it; raises the error that ended the session."""
        if implies(current, wanted):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._states.append((wanted, future))
        await future

    def complete(self, request: Request, outcome: Message | BayeuxError) -> bool:
        """A request has its outcome; False where no caller waits for it."""
        future = self._requests.pop(request, None)
        if future is None or future.done():
            return False
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        return True

    def subscribed(self, channel: str) -> None:
        """The server accepted a subscription."""
        for future in self._channels.pop(channel, ()):
            _finish(future)

    def rejected(self, channel: str, error: BayeuxError) -> bool:
        """The server refused a subscription; False where no caller waits for it."""
        waiting = [future for future in self._channels.pop(channel, ()) if not future.done()]
        for future in waiting:
            _finish(future, error)
        return bool(waiting)

    def state_reached(self, state: ConnectionState) -> None:
        """The session is in this state now."""
        for wanted, future in self._states:
            if implies(state, wanted):
                _finish(future)
        self._states = [entry for entry in self._states if not entry[1].done()]

    def forget(self) -> None:
        """No caller waits any more: their event loop is gone."""
        self._requests.clear()
        self._channels.clear()
        self._states.clear()

    def end(self, error: BayeuxError) -> bool:
        """The session is over: every caller that still waits gets the error. True where one did."""
        states = [future for _, future in self._states if not future.done()]
        channels = [channel for channel in list(self._channels) if self.rejected(channel, error)]
        for future in states:
            _finish(future, error)
        self._states.clear()
        return bool(states or channels)


def implies(current: ConnectionState, wanted: ConnectionState) -> bool:
    """Whether a caller that waits for the wanted state has what it wants in the current one."""
    return current in _IMPLIED.get(wanted, {wanted})


def _finish(future: asyncio.Future[None], error: BayeuxError | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
