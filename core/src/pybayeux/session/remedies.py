"""What helps against an error, as whoever explained it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import ExtensionHookError, MessageDropped, Remedy, ReplyError, TransportError

if TYPE_CHECKING:
    from ..errors import BayeuxError

__all__ = ("Remedies", "remedy_of")


class Remedies(NamedTuple):
    """What to do, and not before `wait` seconds have passed."""

    remedy: Remedy | None
    wait: float


def remedy_of(error: BayeuxError) -> Remedies:
    """The remedy of a refusal, and how long a server or an extension wants to be left alone."""
    if isinstance(error, ReplyError):
        return Remedies(error.remedy, error.retry_after)
    if isinstance(error, TransportError):
        return Remedies(None, error.retry_after or 0.0)
    if isinstance(error, MessageDropped):
        return Remedies(error.remedy, 0.0)
    if isinstance(error, ExtensionHookError):
        # An extension's own errors may say so as well, such as that of a login that was refused.
        remedy, wait = getattr(error.__cause__, "remedy", None), getattr(error.__cause__, "retry_after", None)
        return Remedies(remedy if isinstance(remedy, Remedy) else None, wait if isinstance(wait, float) else 0.0)
    return Remedies(None, 0.0)
