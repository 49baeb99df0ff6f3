"""What `subscribe` returns: to be awaited, or entered as a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from types import TracebackType
    from typing import Any

    from .subscriptions import Subscription

__all__ = ("Subscribing",)


class Subscribing:
    """A subscription to be: ``await`` it, or enter it with ``async with``, which ends it at the block's end."""

    def __init__(self, begin: Callable[[], Awaitable[Subscription]]) -> None:
        self._begin: Final = begin
        self._begun = False
        self._subscription: Subscription | None = None

    def __await__(self) -> Generator[Any, None, Subscription]:
        if self._begun:
            raise UsageError("this subscription has begun: call subscribe() again for another")
        self._begun = True
        return self._begin().__await__()

    async def __aenter__(self) -> Subscription:
        self._subscription = await self
        return self._subscription

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._subscription is not None:
            await self._subscription.__aexit__(kind, error, trace)
