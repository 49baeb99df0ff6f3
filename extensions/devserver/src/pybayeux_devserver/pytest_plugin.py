"""The pytest plugin: fixtures that give tests a server.

Owns the fixtures `bayeux_server` and `bayeux_server_factory`. It is imported at the start of every pytest run,
so the server is imported when the first test asks for one.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .blocking import BlockingServer

__all__ = ("ServerFactory", "bayeux_server", "bayeux_server_factory")


class ServerFactory(Protocol):
    """Starts a server on a free port; it is stopped when the test ends."""

    def __call__(self, **options: Any) -> BlockingServer:
        """Start a server.

        Args:
            options: What `DevServer` takes.
        """


@pytest.fixture
def bayeux_server_factory() -> Iterator[ServerFactory]:
    """Starts as many servers as the test asks for, each with options of its own."""
    from .server import DevServer

    with ExitStack() as running:

        def start(**options: Any) -> BlockingServer:
            return running.enter_context(DevServer(**options))

        yield start


@pytest.fixture
def bayeux_server(bayeux_server_factory: ServerFactory) -> BlockingServer:
    """A server with default options, on a free port and in a thread of its own."""
    return bayeux_server_factory()
