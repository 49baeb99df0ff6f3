"""The pytest plugin: the fixtures `salesforce_org` and `salesforce_org_factory`.

pytest imports this module at the start of every run, so the emulator is imported when the first test asks for an org.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .blocking import BlockingEmulator

__all__ = ("OrgFactory", "salesforce_org", "salesforce_org_factory")


class OrgFactory(Protocol):
    """Starts an org on a free port. It is stopped when the test ends."""

    def __call__(self, **options: Any) -> BlockingEmulator:
        """Start an org.

        Args:
            options: The arguments of `SalesforceEmulator`.
        """


@pytest.fixture
def salesforce_org_factory() -> Iterator[OrgFactory]:
    """A function that starts an org with options of its own; it may be called several times."""
    from .emulator import SalesforceEmulator

    with ExitStack() as running:

        def start(**options: Any) -> BlockingEmulator:
            return running.enter_context(SalesforceEmulator(**options))

        yield start


@pytest.fixture
def salesforce_org(salesforce_org_factory: OrgFactory) -> BlockingEmulator:
    """An org with the default options, on a free port and in its own thread."""
    return salesforce_org_factory()
