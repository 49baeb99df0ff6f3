"""Clients as the tests have them, and what they receive. Their waits after failures are short.

The environment may ask for extensions that all of these clients have, which makes the tests of behaviour theirs too:

    PYBAYEUX_TESTS_WITH=pybayeux_aiohttp:Aiohttp uv run pytest tests/conformance tests/interop
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from pybayeux import AsyncClient
from pybayeux.session import Backoff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pybayeux import Message

__all__ = ("IMPATIENT", "asked_for", "make_client", "take")

IMPATIENT: Final = Backoff(increment=0.02, maximum=0.2, jitter=0.0)
"""Enough not to spin, too little to notice."""


def asked_for() -> tuple[object, ...]:
    """The extensions that the environment asks for, new ones each time."""
    names = [name.partition(":") for name in os.environ.get("PYBAYEUX_TESTS_WITH", "").split(",") if name]
    return tuple(getattr(import_module(module), attribute)() for module, _, attribute in names)


def make_client(url: str, *extensions: object, **arguments: Any) -> AsyncClient:
    """A client with these extensions and none that happen to be installed."""
    extensions = (*asked_for(), *extensions)
    return AsyncClient(url, **{"extensions": extensions, "discover": False, "backoff": IMPATIENT, **arguments})


async def take(events: AsyncIterator[Message], count: int) -> list[Any]:
    """The data of the next `count` events."""
    return [(await anext(events)).data for _ in range(count)]
