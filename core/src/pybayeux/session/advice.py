"""What the server advises, as the session keeps it (Bayeux 1.0, section 3.5). Times are seconds here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..codec import advice_from

if TYPE_CHECKING:
    from ..message import Advice

__all__ = ("AdviceBook", "own_advice")

_KNOWN: Final = (None, "retry", "handshake", "none")
_DEFAULT_TIMEOUT: Final = 60.0


@dataclass(slots=True)
class AdviceBook:
    """The advice in force.

    The newest advice supersedes the one before; a member that it lacks falls back on its default. Only what says
    how long the server waits (`timeout`, `max_interval`) and where else to go (`hosts`) stays until it is told
    anew: Salesforce and CometD name them once, and a shorter guess would hang up on a held connect.
    """

    reconnect: str | None = None
    interval: float = 0.0
    timeout: float = _DEFAULT_TIMEOUT
    max_interval: float | None = None
    hosts: list[str] = field(default_factory=list)

    def take(self, advice: Advice, connection_type: str | None) -> None:
        """Note new advice; a section named after the transport in use goes before the general one."""
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
    def session_lifetime(self) -> float | None:
        """Seconds without a connect after which the server has forgotten the session, where it told them."""
        if self.max_interval is None:
            return None
        return self.timeout + max(0.0, self.interval) + self.max_interval


def own_advice(advice: Advice | None, connection_type: str | None) -> AdviceBook:
    """One reply's advice alone: what a failed reply says of itself, whatever was advised before."""
    book = AdviceBook()
    if advice is not None:
        book.take(advice, connection_type)
    return book


def _section(advice: Advice, connection_type: str | None) -> Advice:
    members: Any = advice.extra.get(connection_type) if connection_type is not None else None
    return advice_from(members if isinstance(members, dict) else {})


def _seconds(*milliseconds: float | None, default: float) -> float:
    for value in milliseconds:
        if value is not None:
            return value / 1000
    return default
