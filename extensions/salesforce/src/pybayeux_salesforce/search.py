"""When to have a login tell where the org is: it is not where it was, and logins are not to be wasted.

An org that has moved answers nothing at its old address but HTTP 404, and the login says where it is now. It may move
again before a session stands there. A wrong address answers the same, and no login helps: so where one has told nothing
new, the next one waits, longer each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .pace import Pace

__all__ = ("Search",)


class Search:
    """The search for one org.

    Args:
        pace: How long to wait between logins that tell nothing new.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace: Final = pace
        self._not_before = 0.0

    def is_due(self, now: float) -> bool:
        """Whether to ask now; a yes is the beginning of the next wait."""
        if now < self._not_before:
            return False
        self._not_before = now + self._pace.next("search", now)
        return True

    def found(self) -> None:
        """A login told another address, or somebody answers where we are: the next time is a first time."""
        self._not_before = 0.0
