"""Where a token comes from. Owns the token; it appears in no text that this module makes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

__all__ = ("Token", "TokenSource")

Token: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A token, or a function that gives one: sync or async."""


class TokenSource:
    """Gives a token, and asks for a fresh one only after the last was forgotten.

    Args:
        token: The token or the function. A sync function runs in a thread, so that it may take its time.
    """

    def __init__(self, token: Token) -> None:
        self._function: Final = None if isinstance(token, str) else token
        self._token: str | None = _checked(token) if isinstance(token, str) else None
        self._asking: asyncio.Task[str] | None = None

    @property
    def is_static(self) -> bool:
        """Whether there will never be another token."""
        return self._function is None

    async def get(self) -> str:
        """The token; whoever asks while a fresh one is on its way gets the same one, or the same error.

        Raises:
            TypeError: The function gave no text.
            ValueError: The function gave a text that cannot be a token.
        """
        if self._token is not None:
            return self._token
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask(), name="pybayeux-auth-token")
        # Whoever gives up waiting leaves the others their token.
        return await asyncio.shield(self._asking)

    def forget(self) -> None:
        """The token is no longer good."""
        if not self.is_static:
            self._token = None

    async def _ask(self) -> str:
        assert self._function is not None
        if inspect.iscoroutinefunction(self._function):
            given = await self._function()
        else:
            given = await asyncio.to_thread(self._function)
            given = await given if inspect.isawaitable(given) else given
        self._token = _checked(given)
        return self._token


def _checked(token: object) -> str:
    # The text must not show what was given: it may be a token all the same.
    if not isinstance(token, str):
        raise TypeError(f"a token is text, not {type(token).__name__}")
    stripped = token.strip()
    if not stripped or not stripped.isprintable():
        raise ValueError("the token is empty or has control characters in it")
    return stripped
