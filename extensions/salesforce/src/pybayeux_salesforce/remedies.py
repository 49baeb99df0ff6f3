"""What is done about each meaning: another session, the same again later, or nothing.

A refused handshake or connect concerns the session, a refused subscribe one channel: there the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pybayeux.errors import Remedy

from .errors import (
    AccessError,
    ChannelError,
    CookieError,
    PositionRefusedError,
    QuotaError,
    RequestTooLargeError,
    ServerBusyError,
    SessionGoneError,
    SetupError,
    TokenDeadError,
)
from .failures import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .errors import SalesforceError
    from .pace import Pace

__all__ = ("Remedies", "Treatment")


class Treatment(NamedTuple):
    """What to do, and how many seconds later at the earliest."""

    remedy: Remedy | None
    wait: float = 0.0


class _Rule(NamedTuple):
    session: Remedy | None
    channel: Remedy | None
    once: bool = False
    """Whether it is tried once only, until the session has proven sound: then it is given up."""


# The token is auth's business: where it begins a session with a fresh one, that goes before.
_RULES: Final[Mapping[type[SalesforceError], _Rule]] = {
    SessionGoneError: _Rule(Remedy.HANDSHAKE, Remedy.HANDSHAKE),
    TokenDeadError: _Rule(Remedy.GIVE_UP, Remedy.HANDSHAKE, once=True),
    ServerBusyError: _Rule(Remedy.HANDSHAKE, Remedy.RETRY),
    QuotaError: _Rule(Remedy.HANDSHAKE, Remedy.RETRY),
    PositionRefusedError: _Rule(None, Remedy.GIVE_UP),
    ChannelError: _Rule(Remedy.GIVE_UP, Remedy.GIVE_UP),
    AccessError: _Rule(Remedy.GIVE_UP, Remedy.GIVE_UP),
    CookieError: _Rule(Remedy.HANDSHAKE, Remedy.HANDSHAKE, once=True),
    RequestTooLargeError: _Rule(Remedy.GIVE_UP, Remedy.GIVE_UP),
    SetupError: _Rule(Remedy.GIVE_UP, Remedy.GIVE_UP),
}
_UNKNOWN: Final = _Rule(None, None)


class Remedies:
    """Knows what helps, and remembers what has been tried.

    Args:
        busy: How long to leave an overloaded server alone.
        quota: How long to wait where a limit is reached.
    """

    def __init__(self, busy: Pace, quota: Pace) -> None:
        self._paces: Final[Mapping[type[SalesforceError], Pace]] = {ServerBusyError: busy, QuotaError: quota}
        self._tried: Final[set[str]] = set()

    def treat(self, kind: type[SalesforceError], what: Asked, about: str, now: float) -> Treatment:
        """What helps against a refusal.

        Args:
            kind: What it means.
            what: What was refused.
            about: The channel concerned.
            now: The present time in seconds, of any clock.
        """
        rule = _RULES.get(kind, _UNKNOWN)
        if what is Asked.OTHER:
            # An unsubscribe or a publish: whoever sent it gets the refusal.
            return Treatment(Remedy.HANDSHAKE if kind is SessionGoneError else None)
        remedy = rule.channel if what is Asked.SUBSCRIBE else rule.session
        if rule.once and remedy is Remedy.HANDSHAKE and not self.first(f"{kind.__name__} {about}"):
            remedy = Remedy.GIVE_UP
        pace = self._paces.get(kind)
        if pace is None:
            return Treatment(remedy)
        return Treatment(remedy, pace.next(about if what is Asked.SUBSCRIBE else "session", now))

    def first(self, trial: str) -> bool:
        """Whether something is tried for the first time since the session was sound."""
        is_first = trial not in self._tried
        self._tried.add(trial)
        return is_first

    def sound(self) -> None:
        """The session works: what was tried may be tried again."""
        self._tried.clear()
