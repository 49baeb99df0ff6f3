"""A refresh token in the system's keyring, which has no lock of its own: a file of the user's is the lock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..digest import digest
from ..errors import LoginMisconfiguredError, TokenStoreError
from ..keyring import read_keyring, write_keyring
from .locking import locked

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

__all__ = ("KeyringTokenStore",)


class KeyringTokenStore:
    """Keeps a token in the keyring. Needs ``pybayeux-auth[keyring]``.

    Args:
        service: Under which service.
        user: Under which user.
        lock_file: The lock between processes; None for one in the user's folder of application state.
    """

    def __init__(self, service: str, user: str, *, lock_file: Path | None = None) -> None:
        self._service: Final = service
        self._user: Final = user
        self._lock_file: Final = lock_file

    def __repr__(self) -> str:
        return f"KeyringTokenStore({self._service!r}, {self._user!r})"

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Keep other processes of this user out."""
        return locked(self._lock_file or _lock_file(self._service, self._user))

    async def load(self) -> str | None:
        """What the keyring has, or None."""
        try:
            return await asyncio.to_thread(read_keyring, self._service, self._user)
        except LoginMisconfiguredError as error:
            raise self._failure(error) from error

    async def save(self, text: str) -> None:
        """Put this into the keyring."""
        try:
            await asyncio.to_thread(write_keyring, self._service, self._user, text)
        except LoginMisconfiguredError as error:
            raise self._failure(error) from error

    def _failure(self, error: LoginMisconfiguredError) -> TokenStoreError:
        return TokenStoreError(f"keyring:{self._service}/{self._user}", str(error))


def _lock_file(service: str, user: str) -> Path:
    from platformdirs import user_state_path

    return user_state_path("pybayeux", appauthor=False) / f"keyring-{digest(service, user)[:16]}.lock"
