"""The interface of a store for refresh tokens that the server replaces (rotation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

__all__ = ("TokenStore",)


@runtime_checkable
class TokenStore(Protocol):
    """Stores one secret text, for one or several processes."""

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Return a lock that is held from the loading of a token until its successor is saved, across processes.

        Raises:
            TokenStoreError: Another holder does not release it in time.
        """

    async def load(self) -> str | None:
        """Return the text that was saved last, or None.

        Raises:
            TokenStoreError: The store cannot be read.
        """

    async def save(self, text: str) -> None:
        """Replace the text. After the return a crash of the program or the machine does not lose it.

        Raises:
            TokenStoreError: The text cannot be saved. The former one is still stored.
        """
