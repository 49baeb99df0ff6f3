"""Who waits for what: requests for their outcome, channels for the server's word, callers for a state."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..state import ConnectionState

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from ..message import Message
    from ..session import Request

__all__ = ("Waiting", "implies")

_S = ConnectionState
# A state that a later one implies: who waits for HANDSHAKEN is served by CONNECTED too.
_IMPLIED: Final = {
    _S.HANDSHAKEN: frozenset({_S.HANDSHAKEN, _S.CONNECTING, _S.CONNECTED, _S.UNCONNECTED}),
    _S.CONNECTING: frozenset({_S.CONNECTING, _S.CONNECTED}),
    _S.TERMINATING: frozenset({_S.TERMINATING, _S.DISCONNECTED}),
    _S.DISCONNECTING: frozenset({_S.DISCONNECTING, _S.TERMINATING, _S.DISCONNECTED}),
}


class Waiting:
    """Futures by what they wait for. Each is settled exactly once; none is left when the session ends."""

    def __init__(self) -> None:
        self._requests: dict[Request, asyncio.Future[Message]] = {}
        self._channels: dict[str, list[asyncio.Future[None]]] = {}
        self._states: list[tuple[ConnectionState, asyncio.Future[None]]] = []

    async def for_reply(self, request: Request) -> Message:
        """The server's reply to a request; raises what ended it otherwise."""
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._requests[request] = future
        try:
            return await future
        finally:
            self._requests.pop(request, None)

    async def for_channel(self, channel: str) -> None:
        """Until the server grants a channel; raises its refusal."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._channels.setdefault(channel, []).append(future)
        await future

    async def for_state(self, wanted: ConnectionState, current: ConnectionState) -> None:
        """Until the session is in the wanted state, or in one that implies it; raises what ended it."""
        if implies(current, wanted):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._states.append((wanted, future))
        await future

    def settle(self, request: Request, outcome: Message | BayeuxError) -> bool:
        """Give a request its outcome; False where nobody waits for it."""
        future = self._requests.pop(request, None)
        if future is None or future.done():
            return False
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        return True

    def channel_granted(self, channel: str) -> None:
        """The server granted a channel."""
        for future in self._channels.pop(channel, ()):
            _finish(future)

    def channel_refused(self, channel: str, error: BayeuxError) -> bool:
        """The server refused a channel; False where nobody waits for it."""
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

    def end(self, error: BayeuxError) -> bool:
        """The session is over: whoever still waits gets the error. True where somebody did."""
        states = [future for _, future in self._states if not future.done()]
        channels = [channel for channel in list(self._channels) if self.channel_refused(channel, error)]
        for future in states:
            _finish(future, error)
        self._states.clear()
        return bool(states or channels)


def implies(current: ConnectionState, wanted: ConnectionState) -> bool:
    """Whether a session in the current state serves whoever waits for the wanted one."""
    return current in _IMPLIED.get(wanted, {wanted})


def _finish(future: asyncio.Future[None], error: BayeuxError | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
