"""The server that a sub-command connects to, and the client for it."""

from __future__ import annotations

import logging
import sys
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from ..client import AsyncClient
from ..extensions.listing import list_extensions
from .failures import Failure
from .systemd import supervised
from .watcher import Watcher, client_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from .arguments import CliOptions

__all__ = ("Server",)

_logger: Final = logging.getLogger("pybayeux.cli")


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
        health_port: The port on which to answer for the client's health, or None.
        health_host: The address of that port.
        grace: Seconds that the command may take to end after a signal, or None for no limit.
    """

    url: str
    cli_options: CliOptions
    headers: Mapping[str, str]
    transports: Sequence[str] | None
    timeout: float | None
    max_network_delay: float
    health_port: int | None = None
    health_host: str = "127.0.0.1"
    grace: float | None = None

    def keep_positions_in_memory(self) -> None:
        """Let the extension replay keep positions in memory, so that a command that only looks moves none.

        A consumer on this machine may be configured with a store, and a lease, that are not the command's to touch.
        """
        installed = list_extensions(self.cli_options.readable_options(), disabled=self.cli_options.disabled)
        if any(each.name == "replay" and each.state == "active" for each in installed):
            self.cli_options.set("replay", "store", "memory")
            self.cli_options.set("replay", "lease", None)

    @asynccontextmanager
    async def connected(self, *extensions: object) -> AsyncIterator[AsyncClient]:
        """A connected client, which is closed at the end of the block.

        Args:
            extensions: Further extensions of the sub-command's own.

        Raises:
            Failure: There was no connection in time, or the port for its health is taken.
            BayeuxError: As `AsyncClient` and `AsyncClient.start` raise it.
        """
        watcher = Watcher()
        client = self._client(watcher, extensions)
        async with self._health_of(client):
            try:
                await client.start(self.timeout)
            except TimeoutError:
                raise Failure(self._too_late(client, watcher)) from None
            try:
                async with supervised(client, self.cli_options.redact):
                    yield client
            finally:
                await client.close()

    @asynccontextmanager
    async def _health_of(self, client: AsyncClient) -> AsyncIterator[None]:
        """Answer for the client's health within this block, if that is wanted."""
        if self.health_port is None:
            yield
            return
        from ..health_server import HealthServer  # only where it is wanted

        health_server = HealthServer(client, self.health_port, self.health_host, redact=self.cli_options.redact)
        try:
            await health_server.start()
        except OSError as error:
            where = f"{self.health_host}:{self.health_port}"
            raise Failure(f"--health-port: cannot listen on {where}: {error}") from error
        try:
            _logger.info("health: %s/live and /ready", health_server.url)
            yield
        finally:
            await health_server.close()

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

    def _client(self, watcher: Watcher, extensions: Iterable[object]) -> AsyncClient:
        settings = self.settings(watcher)
        settings["extensions"].extend(extensions)
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
