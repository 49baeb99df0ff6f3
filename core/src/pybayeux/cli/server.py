"""The server that a sub-command speaks with, and the client for it."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ..client import AsyncClient
from .failures import Failure
from .stderr_log import Watcher, client_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from .arguments import Given

__all__ = ("Server",)


@dataclass(frozen=True, slots=True)
class Server:
    """Where a sub-command connects to, and how.

    Attributes:
        url: The address as given.
        given: What was said of extensions.
        headers: To be sent with every request.
        transports: Names in the order of preference, or None for all.
        timeout: Seconds to wait for the first connection, or None.
        max_network_delay: Seconds that the server may take to answer beyond what it advised.
    """

    url: str
    given: Given
    headers: Mapping[str, str]
    transports: Sequence[str] | None
    timeout: float | None
    max_network_delay: float

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncClient]:
        """A connected client, which is closed at the end of the block.

        Raises:
            Failure: Not connected in time.
            BayeuxError: As `AsyncClient` and its `start` have it.
        """
        watcher = Watcher()
        client = self._client(watcher)
        try:
            await client.start(self.timeout)
        except TimeoutError:
            raise Failure(self._too_late(client, watcher)) from None
        try:
            yield client
        finally:
            await client.close()

    def settings(self, watcher: Watcher) -> dict[str, Any]:
        """The keyword arguments of a client, those that `AsyncClient` and `BayeuxClient` share.

        Raises:
            UsageError: The file with the options of extensions is wrong.
        """
        self._keep_password_secret()
        return {
            "extensions": [watcher],
            "options": self.given.options(),
            "disabled": self.given.disabled,
            "headers": self.headers,
            "transports": self.transports,
            "max_network_delay": self.max_network_delay,
            "logger": client_logger,
        }

    def _client(self, watcher: Watcher) -> AsyncClient:
        settings = self.settings(watcher)
        with redirect_stdout(sys.stderr):  # an extension that prints when it is imported is not to spoil the output
            return AsyncClient(self.url, **settings)

    def _keep_password_secret(self) -> None:
        userinfo, at, _ = urlsplit(self.url).netloc.rpartition("@")
        if at:
            self.given.keep_secret("password", userinfo.partition(":")[2])
            self.given.keep_secret("password", unquote(userinfo.partition(":")[2]))

    def _too_late(self, client: AsyncClient, watcher: Watcher) -> str:
        why = f"; the last failure: {watcher.last_failure}" if watcher.last_failure is not None else ""
        url = client.url.partition("?")[0]
        return self.given.redact(f"{url}: not connected within {self.timeout:g} seconds{why}")
