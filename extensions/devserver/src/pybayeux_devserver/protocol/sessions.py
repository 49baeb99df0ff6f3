"""Sessions: which are known, when they expire, and which connect is held for each.

It does not know the meaning of messages.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pybayeux import Channel

    from ..options import Json
    from .exchange import Caller
    from .queues import Queue

__all__ = ("Hold", "Session", "Sessions", "Stream")


class Hold:
    """A connect that is answered later: when there is an event, when its timeout is over, or when it is superseded.

    Attributes:
        request: The connect.
        timeout: Seconds to wait. Zero for a connect that is answered at once.
        advised: Whether the reply carries advice.
        superseded: Whether another connect of the same session has replaced it.
    """

    def __init__(self, request: Json, timeout: float, *, advised: bool) -> None:
        self.request: Final = request
        self.timeout: Final = timeout
        self.advised: Final = advised
        self.superseded: bool = False
        self._woken = False
        self._callback: Callable[[], object] | None = None

    def when_woken(self, callback: Callable[[], object]) -> None:
        """Call `callback` as soon as the connect has to be answered before its timeout."""
        self._callback = callback
        if self._woken:
            callback()

    def wake(self) -> None:
        """Have the connect answered now."""
        self._woken = True
        if self._callback is not None:
            self._callback()

    def supersede(self) -> None:
        """Let the connect fail because another one has arrived."""
        self.superseded = True
        self.wake()


class Stream(Protocol):
    """A connection that can carry events at any time, such as a WebSocket."""

    def flush(self, session: Session) -> None:
        """Send the queued events of a session."""

    def end_session(self, session: Session) -> None:
        """Close the connection because a session was dropped, after the reply to its held connect if there is one."""


@dataclass(eq=False, kw_only=True)
class Session:
    """One client, from its handshake until it disconnects, is dropped or expires."""

    client_id: str
    browser: str | None
    """The value of the cookie that the session is bound to."""
    token: str | None
    """The token in the ext of the handshake."""
    queue: Queue
    expires_at: float
    subscriptions: set[Channel] = field(default_factory=set)
    hold: Hold | None = None
    stream: Stream | None = None
    """The connection that carries its events as soon as there are any."""
    connection_type: str | None = None
    """The transport of its last connect, by its name in the protocol."""
    connected: bool = False
    """Whether the client has ever sent a connect."""
    final_advice: Json | None = None
    """The advice of the last connect reply of a removed session."""

    @property
    def streaming(self) -> bool:
        """Whether its events are sent without waiting for a connect."""
        return self.stream is not None and not self.queue.connect_only

    def attach(self, stream: Stream | None) -> None:
        """Send events over this stream from now on. None means that replies carry them, above all those to connects."""
        self.stream = stream
        if self.queue:
            self._flush()

    def deliver(self, event: Json) -> None:
        """Queue an event, and send it or wake the held connect."""
        self.queue.put(event)
        if not self._flush():
            self.wake()

    def wake(self) -> None:
        """Have the held connect answered, if there is one."""
        if self.hold is not None:
            self.hold.wake()

    def _flush(self) -> bool:
        """Send the queued events over the stream, if there is one that may carry them."""
        if self.stream is None or self.queue.connect_only:
            return False
        self.stream.flush(self)
        return True


class Sessions:
    """The sessions that the server knows, by client id.

    Args:
        lifetime: Seconds that a session lives after the last request of its client.
        clock: Returns the current time in seconds.
    """

    def __init__(self, *, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime: Final = lifetime
        self._clock: Final = clock
        self._known: dict[str, Session] = {}

    def create(self, *, browser: str | None, token: str | None, queue: Queue) -> Session:
        """Create a session with a new client id."""
        session = Session(
            client_id=secrets.token_hex(16),
            browser=browser,
            token=token,
            queue=queue,
            expires_at=self._clock() + self._lifetime,
        )
        self._known[session.client_id] = session
        return session

    def find(self, client_id: object, caller: Caller) -> Session | None:
        """The session with this id, if it is alive and bound to the cookie of the caller or to none."""
        self._expire()
        session = self._known.get(client_id) if isinstance(client_id, str) else None
        if session is None or caller.trusted or session.browser in (None, caller.browser):
            return session
        return None

    def touch(self, session: Session) -> None:
        """Restart the lifetime of a session because its client sent a request."""
        session.expires_at = self._clock() + self._lifetime

    def remove(self, session: Session) -> None:
        """Forget a session. A connect that is held for it stays held until it is answered."""
        self._known.pop(session.client_id, None)

    def __iter__(self) -> Iterator[Session]:
        self._expire()
        return iter(tuple(self._known.values()))

    def __contains__(self, session: Session) -> bool:
        return self._known.get(session.client_id) is session

    def _expire(self) -> None:
        now = self._clock()
        expired = [s for s in self._known.values() if s.hold is None and s.expires_at <= now]
        for session in expired:
            self.remove(session)
