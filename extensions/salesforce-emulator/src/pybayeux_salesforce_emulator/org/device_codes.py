"""Device codes: which devices wait for an approval, and what a person has decided.

Owns their validity and the pace of polling. The requests are in `api/oauth/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .clock import OrgClock
    from .ids import Ids

__all__ = ("INTERVAL", "Decision", "DeviceCode", "DeviceCodes")

INTERVAL: Final = 5
"""Seconds between two polls, as Salesforce's documentation shows."""
_LIFETIME: Final = 600.0


class Decision(Enum):
    """What a person has decided."""

    PENDING = "pending"
    ALLOWED = "allowed"
    DENIED = "denied"


@dataclass(slots=True, eq=False, kw_only=True)
class DeviceCode:
    """A device that waits for an approval."""

    value: str
    user_code: str
    client_id: str
    scope: str | None
    expires_at: float
    decision: Decision = Decision.PENDING
    username: str = ""
    """The user who has decided."""
    polled_at: float | None = None


class DeviceCodes:
    """The device codes of an org.

    Args:
        ids: Generates codes.
        clock: The org's clock.
    """

    def __init__(self, ids: Ids, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._clock: Final = clock
        self._known: Final[dict[str, DeviceCode]] = {}

    def issue(self, client_id: str, scope: str | None) -> DeviceCode:
        """Issue the code of a device, and the one that a person types."""
        code = DeviceCode(
            value=self._ids.secret(60),
            user_code=self._ids.user_code(),
            client_id=client_id,
            scope=scope,
            expires_at=self._clock.now() + _LIFETIME,
        )
        self._known[code.value] = code
        return code

    def typed(self, user_code: str) -> DeviceCode | None:
        """The device that waits for this code. None if there is none, or it was decided upon."""
        wanted = user_code.strip().upper()
        waiting = (each for each in self._valid() if each.decision is Decision.PENDING)
        return next((each for each in waiting if each.user_code == wanted), None)

    def polled(self, value: str) -> DeviceCode | None:
        """The device with this code. None if it is unknown, has expired, or has got its tokens."""
        return next((each for each in self._valid() if each.value == value), None)

    def is_too_soon(self, code: DeviceCode) -> bool:
        """Whether a poll comes sooner than the interval after the last one, and count it as one."""
        now, before = self._clock.now(), code.polled_at
        code.polled_at = now
        return before is not None and now - before < INTERVAL

    def remove(self, code: DeviceCode) -> None:
        """Use up a code."""
        self._known.pop(code.value, None)

    def _valid(self) -> list[DeviceCode]:
        return [each for each in self._known.values() if each.expires_at > self._clock.now()]
