"""Remedies: what the client does about each error. Another session, the same request again later, or nothing.

A refused handshake or connect concerns the session, a refused subscribe concerns one channel only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pybayeux.errors import Remedy

from . import errors
from .errors import CookieError, InvalidTokenError, QuotaError, ServerBusyError, UnknownSessionError
from .refusals import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .backoff import Backoff
    from .errors import SalesforceError

__all__ = ("RemedyDecision", "RemedyPolicy")


class RemedyDecision(NamedTuple):
    """What the client does.

    Attributes:
        remedy: The remedy; None leaves it to the client's own rules.
        wait: Seconds to wait before it.
    """

    remedy: Remedy | None
    wait: float = 0.0


class _Rule(NamedTuple):
    """The remedies for one class of errors.

    Attributes:
        session: The remedy for a refused handshake or connect.
        channel: The remedy for a refused subscribe.
        once: Whether a new handshake is tried only once until the session works again. The second refusal is final.
    """

    session: Remedy | None
    channel: Remedy | None
    once: bool = False


_RULES: Final[Mapping[type[SalesforceError], _Rule]] = {
    UnknownSessionError: _Rule(Remedy.HANDSHAKE, Remedy.HANDSHAKE),
    # pybayeux-auth renews the token. If it starts a session with a fresh one, that takes precedence over GIVE_UP.
    InvalidTokenError: _Rule(Remedy.GIVE_UP, Remedy.HANDSHAKE, once=True),
    ServerBusyError: _Rule(Remedy.HANDSHAKE, Remedy.RETRY),
    QuotaError: _Rule(Remedy.HANDSHAKE, Remedy.RETRY),
    errors.PositionRefusedError: _Rule(None, Remedy.GIVE_UP),
    errors.ChannelError: _Rule(Remedy.GIVE_UP, Remedy.GIVE_UP),
    errors.AccessError: _Rule(Remedy.GIVE_UP, Remedy.GIVE_UP),
    CookieError: _Rule(Remedy.HANDSHAKE, Remedy.HANDSHAKE, once=True),
    errors.RequestTooLargeError: _Rule(Remedy.GIVE_UP, Remedy.GIVE_UP),
    errors.SetupError: _Rule(Remedy.GIVE_UP, Remedy.GIVE_UP),
}
_NO_RULE: Final = _Rule(None, None)


class RemedyPolicy:
    """Chooses the remedy for each refusal, and remembers which ones were tried.

    Args:
        busy: The waits for an overloaded server.
        quota: The waits for a limit that is reached.
    """

    def __init__(self, busy: Backoff, quota: Backoff) -> None:
        self._backoffs: Final[Mapping[type[SalesforceError], Backoff]] = {ServerBusyError: busy, QuotaError: quota}
        self._tried: tuple[str, ...] = ()

    def choose(self, kind: type[SalesforceError], request: RefusedRequest, channel: str, now: float) -> RemedyDecision:
        """Choose what the client does about a refusal.

        Args:
            kind: The class of the error.
            request: The kind of request that was refused.
            channel: The channel that the refusal concerns.
            now: The present time in seconds, of any clock.
        """
        if request is RefusedRequest.OTHER:
            # The caller of the unsubscribe or publish gets the refusal.
            return RemedyDecision(Remedy.HANDSHAKE if kind is UnknownSessionError else None)
        rule = _RULES.get(kind, _NO_RULE)
        remedy = rule.channel if request is RefusedRequest.SUBSCRIBE else rule.session
        if rule.once and remedy is Remedy.HANDSHAKE and not self.is_first_try(f"{kind.__name__} {channel}"):
            remedy = Remedy.GIVE_UP
        backoff = self._backoffs.get(kind)
        if backoff is None:
            return RemedyDecision(remedy)
        return RemedyDecision(remedy, backoff.next(channel if request is RefusedRequest.SUBSCRIBE else "session", now))

    def is_first_try(self, name: str) -> bool:
        """Whether this is the first try of something since the last `reset`."""
        if name in self._tried:
            return False
        self._tried = (*self._tried, name)
        return True

    def reset(self) -> None:
        """Allow every remedy again: the session works."""
        self._tried = ()
