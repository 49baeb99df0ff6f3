"""Advice: what the server wants a client to do next (Bayeux 1.0, section 3.5), and what an extension knows better.

Times are seconds here; the wire has milliseconds. Knows nothing of states: `connect_lane` acts on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..codec import advice_from
from ..errors import (
    ExtensionHookError,
    MessageDropped,
    Remedy,
    ReplyError,
    SessionEndedError,
    TransportError,
    UnknownAdviceError,
)

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from ..message import Advice

__all__ = ("EffectiveAdvice", "KnownRemedy", "advice_alone", "remedy_of", "session_ended_by")

_KNOWN: Final = (None, "retry", "handshake", "none")
# CometD's clients assume the same until the server says otherwise.
_DEFAULT_TIMEOUT: Final = 60.0


@dataclass(slots=True)
class EffectiveAdvice:
    """The advice in force.

    The newest advice supersedes the one before; a member that it lacks falls back on its default. Only what says
    how long the server waits (`timeout`, `max_interval`) and where else to go (`hosts`) stays until the server names
    it again: Salesforce and CometD name them once, and a shorter guess would hang up on a held connect.
    """

    reconnect: str | None = None
    interval: float = 0.0
    timeout: float = _DEFAULT_TIMEOUT
    max_interval: float | None = None
    hosts: list[str] = field(default_factory=list)

    def update(self, advice: Advice, connection_type: str | None) -> None:
        """Take new advice; a section named after the transport in use goes before the general one."""
        general, special = advice, _section(advice, connection_type)
        self.reconnect = special.reconnect or general.reconnect
        self.interval = _seconds(special.interval, general.interval, default=0.0)
        self.timeout = max(0.0, _seconds(special.timeout, general.timeout, default=self.timeout))
        if (longest := special.max_interval or general.max_interval) is not None:
            self.max_interval = longest / 1000 if longest > 0 else None
        if (hosts := special.hosts or general.hosts) is not None:
            self.hosts = hosts

    @property
    def forbids_retry(self) -> bool:
        """Whether a failed exchange must not be tried again: ``none``, a negative interval, an unknown word."""
        return self.reconnect == "none" or self.interval < 0 or not self.is_known

    @property
    def is_known(self) -> bool:
        """Whether `reconnect` is a word of the protocol."""
        return self.reconnect in _KNOWN

    @property
    def pause(self) -> float:
        """Seconds to wait between two connects. A negative interval forbids a retry, and is no pause."""
        return max(0.0, self.interval)

    @property
    def session_lifetime(self) -> float | None:
        """Seconds without a connect after which the server has forgotten the session; None where it does not say."""
        if self.max_interval is None:
            return None
        return self.timeout + self.pause + self.max_interval


def advice_alone(advice: Advice | None, connection_type: str | None) -> EffectiveAdvice:
    """The advice of one reply alone.

    It decides what follows a failed reply: a ``handshake`` or ``none`` from an earlier reply was about that one.
    """
    alone = EffectiveAdvice()
    if advice is not None:
        alone.update(advice, connection_type)
    return alone


def session_ended_by(error: BayeuxError, advised: EffectiveAdvice | None) -> SessionEndedError:
    """The end of the session by an error: the server advised it, or (None) an extension knows that nothing helps."""
    if advised is None:
        ended = SessionEndedError(str(error))
    else:
        why = "a negative interval" if advised.interval < 0 else f"reconnect {advised.reconnect!r}"
        ended = SessionEndedError(f"{error} (the server advised {why})")
    ended.__cause__ = error if advised is None or advised.is_known else UnknownAdviceError(str(advised.reconnect))
    return ended


def _section(advice: Advice, connection_type: str | None) -> Advice:
    members: Any = advice.extra.get(connection_type) if connection_type is not None else None
    return advice_from(members if isinstance(members, dict) else {})


def _seconds(*milliseconds: float | None, default: float) -> float:
    for value in milliseconds:
        if value is not None:
            return value / 1000
    return default


# -- what an extension knows better


class KnownRemedy(NamedTuple):
    """What helps against an error, not before `wait` seconds have passed; None leaves it to the server's advice."""

    remedy: Remedy | None
    wait: float


def remedy_of(error: BayeuxError) -> KnownRemedy:
    """The remedy that an error carries, and how long the server or an extension wants to be left alone."""
    if isinstance(error, ReplyError):
        return KnownRemedy(error.remedy, error.retry_after)
    if isinstance(error, TransportError):
        return KnownRemedy(None, error.retry_after or 0.0)
    if isinstance(error, MessageDropped):
        return KnownRemedy(error.remedy, 0.0)
    if isinstance(error, ExtensionHookError):
        # An extension's own error may carry a remedy too, such as that of a login that was refused. It need not be
        # one of ours, so both members are looked at with care.
        remedy, wait = getattr(error.__cause__, "remedy", None), getattr(error.__cause__, "retry_after", None)
        return KnownRemedy(remedy if isinstance(remedy, Remedy) else None, wait if isinstance(wait, float) else 0.0)
    return KnownRemedy(None, 0.0)
