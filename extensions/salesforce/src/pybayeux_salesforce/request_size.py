"""Requests that the server takes: 32,768 bytes at the most ("413 Maximum Request Size Exceeded").

The transport cuts a batch that is larger into several; here it is told the limit, where the user has set none.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("MAX_REQUEST_SIZE", "limited")

MAX_REQUEST_SIZE: Final = 32_768
"""Bytes of a request's body."""
_OPTION: Final = "max_request_size"


def limited(factory: Callable[..., Any], concerns: Callable[[str], bool]) -> Callable[..., Any]:
    """What makes a transport with the limit, for the servers that have it.

    Args:
        factory: What makes it without.
        concerns: Whether a server has the limit, by its address.
    """
    option = inspect.signature(factory).parameters.get(_OPTION)
    if option is None or option.default is not None:
        return factory  # another transport, or a limit of the user's

    @wraps(factory)
    def make(context: Any, **options: Any) -> Any:
        if concerns(context.url):
            options.setdefault(_OPTION, MAX_REQUEST_SIZE)
        return factory(context, **options)

    return make
