"""Calls of a client into code that is not its own and is awaited: handlers, listeners, hooks.

The client waits for such a call before it closes. So a `close` from within one would wait for itself; this is how it
knows. The mark is seen by what the call awaits, in tasks and threads that it starts too, until the call is over.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

__all__ = ("UserCalls",)

T = TypeVar("T")


class _Call:
    """One call, and the one that it was made in, which may be another client's."""

    __slots__ = ("is_over", "outer", "owner")

    def __init__(self, owner: UserCalls, outer: _Call | None) -> None:
        self.owner: Final = owner
        self.outer: Final = outer
        self.is_over = False


_current: Final[ContextVar[_Call | None]] = ContextVar("pybayeux_call", default=None)


class UserCalls:
    """Marks the calls of one client."""

    async def awaiting(self, work: Awaitable[T]) -> T:
        """Await something that is not the client's own."""
        call = _Call(self, _current.get())
        _current.set(call)
        try:
            return await work
        finally:
            call.is_over = True
            _current.set(call.outer)

    @property
    def is_inside(self) -> bool:
        """Whether the running code was called by this client, which waits for it."""
        call = _current.get()
        while call is not None:
            if call.owner is self and not call.is_over:
                return True
            call = call.outer
        return False
