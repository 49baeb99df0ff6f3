"""The server that a sub-command connects to, and the client for it."""

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

    from .arguments import CliOptions

__all__ = ("Server",)


@dataclass(frozen=True, slots=True)
class Server:
    """Where a sub-command connects to, and how.

    Attributes:
        url: The address that was given.
        cli_options: The options of extensions, and the disabled extensions.
        headers: Headers to send with every request.
        transports: Names in the order of preference, or None for all.
        timeout: Seconds to wait for the first connection, or None for no limit.
        max_network_delay: Seconds that the server may take to answer beyond what it advised.
    """

    url: str
    cli_options: CliOptions
    headers: Mapping[str, str]
    transports: Sequence[str] | None
    timeout: float | None
    max_network_delay: float

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncClient]:
        """A connected client, which is closed at the end of the block.

        Raises:
            Failure: There was no connection in time.
            BayeuxError: As `AsyncClient` and `AsyncClient.start` raise it.
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
        """The keyword arguments that `AsyncClient` and `BayeuxClient` share.

        Raises:
            UsageError: The file with the options of extensions cannot be read.
        """
        self._keep_password_secret()
        return {
            "extensions": [watcher],
            "options": self.cli_options.options(),
            "disabled": self.cli_options.disabled,
            "headers": self.headers,
            "transports": self.transports,
            "max_network_delay": self.max_network_delay,
            "logger": client_logger,
        }

    def _client(self, watcher: Watcher) -> AsyncClient:
        settings = self.settings(watcher)
        with redirect_stdout(sys.stderr):  # an extension may print when it is imported
            return AsyncClient(self.url, **settings)

    def _keep_password_secret(self) -> None:
        userinfo, at, _ = urlsplit(self.url).netloc.rpartition("@")
        if at:
            self.cli_options.keep_secret("password", userinfo.partition(":")[2])
            self.cli_options.keep_secret("password", unquote(userinfo.partition(":")[2]))

    def _too_late(self, client: AsyncClient, watcher: Watcher) -> str:
        why = f"; the last failure: {watcher.last_failure}" if watcher.last_failure is not None else ""
        url = client.url.partition("?")[0]
        return self.cli_options.redact(f"{url}: not connected within {self.timeout:g} seconds{why}")
