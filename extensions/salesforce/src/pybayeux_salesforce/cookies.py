"""Letting go of cookies that the server holds against a client.

A session's cookies lead its requests to the server that knows it. Where the server says that they are another's, the
next session has to begin without any.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Cookies",)


class Cookies:
    """The cookies of one client, in the hands of its transport."""

    def __init__(self) -> None:
        self._context: Any = None

    def watched(self, factory: Callable[..., Any]) -> Callable[..., Any]:
        """What makes a transport whose cookies can be dropped.

        Args:
            factory: What makes it without that.
        """

        @wraps(factory)
        def make(context: Any, **options: Any) -> Any:
            self._context = context
            return factory(context, **options)

        return make

    def drop(self) -> None:
        """Send none of the cookies so far any more."""
        if self._context is not None:
            self._context.cookies = type(self._context.cookies)()
