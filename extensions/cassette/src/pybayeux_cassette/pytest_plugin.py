"""The pytest plugin: the fixture `bayeux_cassette`.

pytest imports this module at the start of every run, so servers are imported when the first test asks for one.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from .servers import CassetteServer

__all__ = ("CassetteFactory", "bayeux_cassette")


class CassetteFactory(Protocol):
    """Starts a server with a cassette to play. It is stopped when the test ends."""

    def __call__(
        self, path: str | os.PathLike[str], *, salesforce: bool = False, keep_ids: bool = False, **options: Any
    ) -> CassetteServer:
        """Start a server on a free port.

        Args:
            path: The cassette: beside the test's file, else from the working directory.
            salesforce: An emulated Salesforce org instead of a development server.
            keep_ids: Publish under the recorded replay ids (only on a development server).
            options: The arguments of `DevServer` or `SalesforceEmulator`.
        """


@pytest.fixture
def bayeux_cassette(request: pytest.FixtureRequest) -> Iterator[CassetteFactory]:
    """A function that starts a server with a cassette; it may be called several times."""
    from .reading import read_cassette
    from .servers import CassetteServer, new_dev_server, new_org, target_of

    with ExitStack() as running:

        def start(
            path: str | os.PathLike[str], *, salesforce: bool = False, keep_ids: bool = False, **options: Any
        ) -> CassetteServer:
            beside = request.path.parent / path
            cassette = read_cassette(beside if beside.exists() else Path(path))
            new = new_org if salesforce else new_dev_server
            server = running.enter_context(new(**options))
            return CassetteServer(cassette, server, target_of(server, salesforce=salesforce, keep_ids=keep_ids))

        yield start
