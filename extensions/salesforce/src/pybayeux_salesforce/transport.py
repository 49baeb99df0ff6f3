"""Wrappers of the transport: the limit of a request's size, and a way to drop the session's cookies.

Each takes a transport's factory and returns one that takes its place. The requests themselves are the transport's.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("MAX_REQUEST_SIZE", "SessionCookies", "limit_request_size")

MAX_REQUEST_SIZE: Final = 32_768
"""Bytes of a request's body; the server answers a larger one with "413 Maximum Request Size Exceeded"."""
_OPTION: Final = "max_request_size"


def limit_request_size(factory: Callable[..., Any], concerns: Callable[[str], bool]) -> Callable[..., Any]:
    """Return a factory that sets the transport's `max_request_size`; the transport then splits larger batches.

    Args:
        factory: The factory of the transport. One without this option, or with a limit that the user set, is returned
            unchanged.
        concerns: Whether the server at a URL has this limit.
    """
    option = inspect.signature(factory).parameters.get(_OPTION)
    if option is None or option.default is not None:
        return factory

    @wraps(factory, updated=())
    def make(context: Any, **options: Any) -> Any:
        if concerns(context.url):
            options.setdefault(_OPTION, MAX_REQUEST_SIZE)
        return factory(context, **options)

    return make


class SessionCookies:
    """The cookies of the latest transport.

    Cookies lead the requests of a session to the server that knows it. If the server says that they belong to another
    session, the next session has to start without them.
    """

    def __init__(self) -> None:
        self._context: Any = None

    def track(self, factory: Callable[..., Any]) -> Callable[..., Any]:
        """Return a factory whose transports' cookies can be dropped.

        Args:
            factory: The factory of the transport.
        """

        @wraps(factory, updated=())
        def make(context: Any, **options: Any) -> Any:
            self._context = context
            return factory(context, **options)

        return make

    def drop(self) -> None:
        """Give the transport an empty cookie jar."""
        if self._context is not None:
            self._context.cookies = type(self._context.cookies)()
