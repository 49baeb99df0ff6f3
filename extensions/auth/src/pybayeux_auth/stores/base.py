"""Where refresh tokens are kept that the server replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

__all__ = ("TokenStore",)


@runtime_checkable
class TokenStore(Protocol):
    """Keeps one secret text, for one or several processes."""

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Keep everybody else out, in other processes too, from the reading of a token until its successor is kept.

        Raises:
            TokenStoreError: Somebody else does not let go of it.
        """

    async def load(self) -> str | None:
        """What was kept last, or None.

        Raises:
            TokenStoreError: It cannot be read.
        """

    async def save(self, text: str) -> None:
        """Keep this instead. When it returns, a crash of program or machine does not lose it.

        Raises:
            TokenStoreError: It cannot be kept; what was there before is there still.
        """
