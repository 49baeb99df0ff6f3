"""A store in the system's keyring. Keyrings have no lock, so a file of the user is the lock between processes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..errors import LoginMisconfiguredError, TokenStoreError
from ..keyring import delete_from_keyring, read_keyring, write_keyring
from ..secret import digest
from .locking import locked

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

__all__ = ("KeyringTokenStore",)


class KeyringTokenStore:
    """Stores a refresh token in the keyring. Needs ``pybayeux-auth[keyring]``.

    Args:
        service: The service of the keyring entry.
        user: The user of the keyring entry.
        lock_file: The lock between processes; None for a file in the user's folder of application state.
    """

    def __init__(self, service: str, user: str, *, lock_file: Path | None = None) -> None:
        self._service: Final = service
        self._user: Final = user
        self._lock_file: Final = lock_file

    def __repr__(self) -> str:
        return f"KeyringTokenStore({self._service!r}, {self._user!r})"

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Return the lock between processes of this user."""
        return locked(self._lock_file or _lock_file(self._service, self._user))

    async def load(self) -> str | None:
        """Return the secret in the keyring; None if there is none."""
        try:
            return await asyncio.to_thread(read_keyring, self._service, self._user)
        except LoginMisconfiguredError as error:
            raise self._failure(error) from error

    async def save(self, text: str) -> None:
        """Replace the secret in the keyring."""
        try:
            await asyncio.to_thread(write_keyring, self._service, self._user, text)
        except LoginMisconfiguredError as error:
            raise self._failure(error) from error

    async def delete(self) -> None:
        """Delete the secret from the keyring.

        Raises:
            TokenStoreError: There is no keyring, or it is locked.
        """
        try:
            await asyncio.to_thread(delete_from_keyring, self._service, self._user)
        except LoginMisconfiguredError as error:
            raise self._failure(error) from error

    def _failure(self, error: LoginMisconfiguredError) -> TokenStoreError:
        return TokenStoreError(f"keyring:{self._service}/{self._user}", str(error))


def _lock_file(service: str, user: str) -> Path:
    from platformdirs import user_state_path

    return user_state_path("pybayeux", appauthor=False) / f"keyring-{digest(service, user)[:16]}.lock"
