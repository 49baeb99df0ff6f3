"""The pytest plugin: the fixtures `bayeux_server` and `bayeux_server_factory`.

pytest imports this module at the start of every run, so the server is imported when the first test asks for one.
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
    """Starts a server on a free port. It is stopped when the test ends."""

    def __call__(self, **options: Any) -> BlockingServer:
        """Start a server.

        Args:
            options: The arguments of `DevServer`.
        """


@pytest.fixture
def bayeux_server_factory() -> Iterator[ServerFactory]:
    """A function that starts a server with options of its own; it may be called several times."""
    from .server import DevServer

    with ExitStack() as running:

        def start(**options: Any) -> BlockingServer:
            return running.enter_context(DevServer(**options))

        yield start


@pytest.fixture
def bayeux_server(bayeux_server_factory: ServerFactory) -> BlockingServer:
    """A server with the default options, on a free port and in its own thread."""
    return bayeux_server_factory()
