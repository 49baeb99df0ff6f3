"""Users: their passwords, and whether they are locked out.

Owns the count of wrong passwords and the lock (Salesforce's password policies: "Maximum invalid login attempts" and
"Lockout effective period").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..options import OrgOptions
    from .clock import OrgClock
    from .ids import Ids

__all__ = ("User", "Users")


@dataclass(slots=True, eq=False)
class User:
    """A user account."""

    user_id: str
    username: str
    password: str
    security_token: str = ""
    """Must be appended to the password. Empty, as from a trusted address, unless it is set."""
    wrong_passwords: int = 0
    """Wrong passwords since the last right one."""
    locked_until: float = 0.0
    lockouts: int = 0
    """How often the user was ever locked out."""


class Users:
    """The users of an org.

    Args:
        ids: Generates user ids.
        options: When a user is locked out, and for how long.
        clock: The org's clock.
    """

    def __init__(self, ids: Ids, options: OrgOptions, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._options: Final = options
        self._clock: Final = clock
        self._known: Final[dict[str, User]] = {}

    @property
    def known(self) -> Mapping[str, User]:
        """All users, by username."""
        return self._known

    def add(self, username: str, password: str, security_token: str = "") -> User:
        """Add a user, or change the password of an existing one."""
        user = self._known.get(username)
        if user is None:
            user = self._known[username] = User(self._ids.record("005"), username, password, security_token)
        user.password, user.security_token = password, security_token
        return user

    def with_password(self, username: str, password: str) -> User | None:
        """The user, if the password is right and the user is not locked out."""
        user = self._known.get(username)
        if user is None or self.locked(user):
            return None
        if password == user.password + user.security_token:
            user.wrong_passwords = 0
            return user
        user.wrong_passwords += 1
        if user.wrong_passwords >= self._options.lock_after:
            user.wrong_passwords, user.lockouts = 0, user.lockouts + 1
            user.locked_until = self._clock.now() + self._options.lock_duration
        return None

    def locked(self, user: User) -> bool:
        """Whether a user is locked out now."""
        return user.locked_until > self._clock.now()
