"""How long an implementation that waits may take: one that never returns harms itself alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("bounded",)


def bounded(function: Callable[..., Awaitable[Any]], seconds: float) -> Callable[..., Awaitable[Any]]:
    """`function`, cancelled after so many seconds; then it raises TimeoutError, which says what was too long."""

    async def call(*args: Any) -> Any:
        try:
            async with asyncio.timeout(seconds) as limit:
                return await function(*args)
        except TimeoutError:
            if limit.expired():
                raise TimeoutError(f"it had not returned after {seconds:g} s, and was cancelled") from None
            raise

    return call
