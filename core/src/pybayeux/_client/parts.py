"""The parts that both clients have: the extensions and their hooks, the reports, and the way to the transports.

Puts them together as the configuration says. It knows nothing of sessions: those who use the parts do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .._util.redact import Redactor
from .._util.urls import parse_endpoint
from ..extensions.registry import ExtensionRegistry
from ..transports.base import TransportContext
from ..transports.registry import TransportRegistry
from .background import BackgroundTasks
from .hooks import HookRunner
from .reporter import Reporter

if TYPE_CHECKING:
    from ..hook_client import HookClient
    from ..transports.base import Receive
    from .config import ClientConfig

__all__ = ("ClientParts",)


class ClientParts:
    """The parts of one client.

    Args:
        client: What extensions get as `client`.
        config: The arguments of the client.
        by_polling: Whether a WebSocket is used only where `transports` names it.

    Attributes:
        redact: Knows the client's secrets.
        reporter: Has the logger.
        background: Has what nothing waits for.
        extensions: The client's extensions.
        hooks: Runs their hooks.
        endpoint: The server's address, and the credentials in it.
        factories: What makes the transports, by name, in the order of preference.

    Raises:
        UsageError: An address, a transport or an option is wrong.
        ExtensionError: An extension that was passed cannot be registered.
    """

    def __init__(self, client: HookClient, config: ClientConfig, *, by_polling: bool) -> None:
        self._config: Final = config
        self.redact: Final = Redactor()
        self.reporter: Final = Reporter(config, self.redact)
        self.background: Final = BackgroundTasks(self.reporter)
        self.extensions: Final = ExtensionRegistry(
            client,
            extensions=config.extensions,
            options=config.options,
            discover=config.discover,
            disabled=config.disabled,
            order=config.order,
            on_error=self.reporter.report,
            hook_timeout=config.hook_timeout,
            warn=self.reporter.warn,
        )
        self.hooks: Final = HookRunner(client, self.extensions.hooks, self.redact, self.background)
        self.endpoint: Final = parse_endpoint(self.extensions.hooks.resolve_url(config.url))
        registry = TransportRegistry()
        self.extensions.hooks.register_transports(registry)
        self.factories: Final = registry.select(config.transports, config.transport_options, by_polling=by_polling)

    def transport_context(self, receive: Receive) -> TransportContext:
        """What every transport of the client is given; what comes in goes to `receive`."""
        config = self._config
        return TransportContext(
            url=self.endpoint.url,
            receive=receive,
            on_request=self.hooks.request,
            on_response=self.hooks.response,
            redact=self.redact,
            headers=dict(config.headers),
            http=config.http,
            auth=config.auth if config.auth is not None else self.endpoint.credentials,
            max_network_delay=config.max_network_delay,
        )
