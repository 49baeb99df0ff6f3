"""Sessions: who is known, until when, and which connect is held for whom.

Owns their lives. Knows nothing of messages' meaning.
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
    """A connect that is answered later: when there is an event, when its time is over, or when it must.

    Attributes:
        request: The connect itself.
        timeout: Seconds to wait; zero for a connect that is answered at once.
        advised: The reply carries advice.
        superseded: Another connect of the same session has taken its place.
    """

    def __init__(self, request: Json, timeout: float, *, advised: bool) -> None:
        self.request: Final = request
        self.timeout: Final = timeout
        self.advised: Final = advised
        self.superseded = False
        self._woken = False
        self._callback: Callable[[], object] | None = None

    def when_woken(self, callback: Callable[[], object]) -> None:
        """Have `callback` called as soon as there is reason to answer before the time is over."""
        self._callback = callback
        if self._woken:
            callback()

    def wake(self) -> None:
        """There is reason to answer now."""
        self._woken = True
        if self._callback is not None:
            self._callback()

    def supersede(self) -> None:
        """Another connect came: this one fails."""
        self.superseded = True
        self.wake()


class Stream(Protocol):
    """A connection that carries events at any time, such as a WebSocket."""

    def flush(self, session: Session) -> None:
        """A session has events for it to take."""

    def end_session(self, session: Session) -> None:
        """A session was dropped: the connection ends, after the reply to its held connect if there is one."""


@dataclass(eq=False, kw_only=True)
class Session:
    """One client, from its handshake until it leaves, is dropped or stays silent for too long."""

    client_id: str
    browser: str | None
    """The cookie that the session is bound to."""
    token: str | None
    """The token that the handshake carried in its ext."""
    queue: Queue
    expires_at: float
    subscriptions: set[Channel] = field(default_factory=set)
    hold: Hold | None = None
    stream: Stream | None = None
    """Where its events go as soon as there are any."""
    connected: bool = False
    """Whether it has ever sent a connect."""
    final_advice: Json | None = None
    """What the last connect reply of a removed session advises."""

    @property
    def streaming(self) -> bool:
        """Whether its events wait for no connect."""
        return self.stream is not None and not self.queue.connect_only

    def attach(self, stream: Stream | None) -> None:
        """Send events this way from now on; None means with connect replies, and with others on occasion."""
        self.stream = stream
        if self.queue:
            self._flush()

    def deliver(self, event: Json) -> None:
        """Queue an event and send it, or wake the connect that waits for one."""
        self.queue.put(event)
        if not self._flush():
            self.wake()

    def wake(self) -> None:
        """Have the held connect answered, if there is one."""
        if self.hold is not None:
            self.hold.wake()

    def _flush(self) -> bool:
        """Send what is queued, if there is a way."""
        if self.stream is None or self.queue.connect_only:
            return False
        self.stream.flush(self)
        return True


class Sessions:
    """The sessions that the server knows, by client id.

    Args:
        lifetime: Seconds that a session outlives the last sign of its client.
        clock: Tells the present time in seconds.
    """

    def __init__(self, *, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime: Final = lifetime
        self._clock: Final = clock
        self._known: dict[str, Session] = {}

    def create(self, *, browser: str | None, token: str | None, queue: Queue) -> Session:
        """Begin a session under a new client id."""
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
        """The session with this id if it is alive and bound to the caller's cookie, or to none."""
        self._expire()
        session = self._known.get(client_id) if isinstance(client_id, str) else None
        if session is None or caller.trusted or session.browser in (None, caller.browser):
            return session
        return None

    def touch(self, session: Session) -> None:
        """The client has shown itself: its time begins anew."""
        session.expires_at = self._clock() + self._lifetime

    def remove(self, session: Session) -> None:
        """Forget a session; a connect held for it stays until it is answered."""
        self._known.pop(session.client_id, None)

    def __iter__(self) -> Iterator[Session]:
        self._expire()
        return iter(tuple(self._known.values()))

    def __contains__(self, session: Session) -> bool:
        return self._known.get(session.client_id) is session

    def _expire(self) -> None:
        now = self._clock()
        silent = [s for s in self._known.values() if s.hold is None and s.expires_at <= now]
        for session in silent:
            self.remove(session)
