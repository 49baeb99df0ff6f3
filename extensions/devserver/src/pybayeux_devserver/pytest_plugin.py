"""The pytest plugin: fixtures that give tests a server.

Owns the fixtures `bayeux_server` and `salesforce_org`, and their factories. It is imported at the start of every pytest
run, so the server is imported when the first test asks for one.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .blocking import BlockingServer
    from .salesforce import BlockingEmulator

__all__ = (
    "OrgFactory",
    "ServerFactory",
    "bayeux_server",
    "bayeux_server_factory",
    "salesforce_org",
    "salesforce_org_factory",
)


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


class OrgFactory(Protocol):
    """Starts a Salesforce org on a free port; it is stopped when the test ends."""

    def __call__(self, **options: Any) -> BlockingEmulator:
        """Start an org.

        Args:
            options: What `SalesforceEmulator` takes.
        """


@pytest.fixture
def salesforce_org_factory() -> Iterator[OrgFactory]:
    """Starts as many orgs as the test asks for, each with options of its own."""
    from .salesforce import SalesforceEmulator

    with ExitStack() as running:

        def start(**options: Any) -> BlockingEmulator:
            return running.enter_context(SalesforceEmulator(**options))

        yield start


@pytest.fixture
def salesforce_org(salesforce_org_factory: OrgFactory) -> BlockingEmulator:
    """An org with default options, on a free port and in a thread of its own."""
    return salesforce_org_factory()
