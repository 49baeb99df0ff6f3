"""What can go wrong on the way to a token, as one tree.

AuthError
├── LoginRefusedError         the login server takes these credentials for no good
├── LoginUnreachableError     it gave no answer that can be used, and may give one later
├── LoginMisconfiguredError   what was asked for makes no sense
├── LoginPausedError          the last logins did not help, and it is too soon for another
└── TokenStoreError           a refresh token cannot be read or kept

No text of these has a password, a key or a token in it.
"""

from __future__ import annotations

from typing import Final

from pybayeux import BayeuxError, errors

__all__ = (
    "AuthError",
    "LoginMisconfiguredError",
    "LoginPausedError",
    "LoginRefusedError",
    "LoginUnreachableError",
    "TokenStoreError",
)

_MOMENT: Final = 1.0


class AuthError(BayeuxError):
    """There is no token.

    Attributes:
        remedy: ``RETRY`` where the same may work later, ``GIVE_UP`` where somebody has to change something first.
        retry_after: Seconds to wait before that, at least.
    """

    remedy: errors.Remedy = errors.Remedy.RETRY
    retry_after: float = 0.0

    @property
    def can_retry(self) -> bool:
        """Whether trying again can help."""
        return self.remedy is not errors.Remedy.GIVE_UP


class LoginRefusedError(AuthError):
    """The login server refused the credentials. The same ones are not tried again: servers lock users out.

    Attributes:
        where: The address that refused.
        error: Its word for it (RFC 6749, section 5.2), such as ``invalid_grant``; empty where there is none.
        description: What it said beside that.
        advice: What to do about it; empty where that is not known.
    """

    remedy = errors.Remedy.GIVE_UP

    def __init__(self, where: str, *, error: str = "", description: str = "", advice: str = "") -> None:
        said = ": ".join(part for part in (error, description) if part)
        super().__init__(f"login at {where} was refused: {'; '.join(part for part in (said, advice) if part)}")
        self.where: Final = where
        self.error: Final = error
        self.description: Final = description
        self.advice: Final = advice


class LoginUnreachableError(AuthError):
    """The login server did not answer, or cannot answer now. It is left alone for a second, or as long as it asks.

    Attributes:
        where: The address that was asked.
    """

    def __init__(self, where: str, why: str, *, retry_after: float = 0.0) -> None:
        super().__init__(f"login at {where} is not possible now: {why}")
        self.where: Final = where
        self.retry_after = max(retry_after, _MOMENT)


class LoginMisconfiguredError(AuthError, errors.UsageError):
    """Something is missing, cannot be read, or does not fit together; the text says what."""

    remedy = errors.Remedy.GIVE_UP


class LoginPausedError(AuthError):
    """It is too soon for another login: the last ones did not help."""

    def __init__(self, why: str, *, retry_after: float) -> None:
        super().__init__(f"no login for another {retry_after:.0f} s: {why}")
        self.retry_after = retry_after


class TokenStoreError(AuthError):
    """A refresh token could not be read from its store, or not be kept in it.

    Attributes:
        where: The store, such as the path of the file.
    """

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"token store {where}: {why}")
        self.where: Final = where
