"""The exceptions of this package.

AuthError
├── LoginRefusedError         the login server refused the credentials
├── LoginUnreachableError     the login server did not answer, or cannot answer now
├── LoginMisconfiguredError   the configuration is incomplete or wrong
├── LoginPausedError          the last logins did not help, and it is too soon for another
└── TokenStoreError           a refresh token cannot be read or stored

The texts of these errors contain no password, key or token.
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

_MIN_RETRY_AFTER: Final = 1.0


class AuthError(BayeuxError):
    """The base class: there is no token.

    Attributes:
        remedy: ``RETRY`` if the same login may work later, ``GIVE_UP`` if something has to be changed first.
        retry_after: The least number of seconds to wait before a retry.
    """

    remedy: errors.Remedy = errors.Remedy.RETRY
    retry_after: float = 0.0

    @property
    def can_retry(self) -> bool:
        """Whether a retry can help."""
        return self.remedy is not errors.Remedy.GIVE_UP


class LoginRefusedError(AuthError):
    """The login server refused the credentials. They are not tried again, because servers lock users out.

    Attributes:
        where: The URL of the login server.
        error: The OAuth error code (RFC 6749, section 5.2), such as ``invalid_grant``; empty if there is none.
        description: The server's description of the error.
        advice: What to do about it; empty if that is not known.
    """

    remedy = errors.Remedy.GIVE_UP

    def __init__(self, where: str, *, error: str = "", description: str = "", advice: str = "") -> None:
        reason = ": ".join(part for part in (error, description) if part)
        super().__init__(f"login at {where} was refused: {'; '.join(part for part in (reason, advice) if part)}")
        self.where: Final = where
        self.error: Final = error
        self.description: Final = description
        self.advice: Final = advice


class LoginUnreachableError(AuthError):
    """The login server did not answer, or cannot answer now. Retried after a second, or when the server says.

    A certificate that does not verify at the first login is not retried (`can_retry`).

    Attributes:
        where: The URL of the login server.
        error: The OAuth error code, such as ``slow_down``; empty if there is none.
    """

    def __init__(self, where: str, why: str, *, retry_after: float = 0.0, fatal: bool = False, error: str = "") -> None:
        super().__init__(f"login at {where} is not possible{'' if fatal else ' now'}: {why}")
        self.where: Final = where
        self.error: Final = error
        if fatal:
            self.remedy = errors.Remedy.GIVE_UP
        self.retry_after: float = max(retry_after, _MIN_RETRY_AFTER)


class LoginMisconfiguredError(AuthError, errors.UsageError):
    """An option is missing, not valid, or cannot be read; the text says which."""

    remedy = errors.Remedy.GIVE_UP


class LoginPausedError(AuthError):
    """It is too soon for another login, because the last ones did not help. `retry_after` says when it may start."""

    def __init__(self, why: str, *, retry_after: float) -> None:
        super().__init__(f"no login for another {retry_after:.0f} s: {why}")
        self.retry_after = retry_after


class TokenStoreError(AuthError):
    """A refresh token could not be read or stored.

    Attributes:
        where: The store, such as the path of the file.
    """

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"token store {where}: {why}")
        self.where: Final = where
