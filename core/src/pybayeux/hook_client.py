"""The client as hooks see it, and what its methods return.

Hooks know nothing else of a client. `AsyncClient` and `BayeuxClient` have all of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from .state import ConnectionState

__all__ = ("HookCaller", "HookClient", "Registration")


class Registration(Protocol):
    """What `HookClient.use` and `HookClient.remove` return.

    Awaiting it waits until an asynchronous `registered` or `unregistered` has returned, and raises what it raised. It
    need not be awaited: the hook is called anyway, at once on a running client, else when the client starts.
    """

    @property
    def name(self) -> str:
        """The name of the extension."""

    def __await__(self) -> Generator[Any, None, None]: ...


class HookCaller(Protocol):
    """The call of a hook that an installed package brings."""

    @property
    def is_empty(self) -> bool:
        """Whether no extension implements it."""

    @property
    def is_async(self) -> bool:
        """Whether an implementation is ``async def``: then use `acall`."""

    @property
    def call(self) -> Callable[..., Any]:
        """Calls all implementations with all arguments, in the order of the specification."""

    @property
    def acall(self) -> Callable[..., Awaitable[Any]]:
        """The same, and awaits the implementations that are ``async def``."""


class HookClient(Protocol):
    """The client as hooks see it: what both `AsyncClient` and `BayeuxClient` have.

    With a synchronous `Client` it is the `AsyncClient` beneath it. Everything is called on the client's event loop.
    """

    @property
    def url(self) -> str:
        """The address of the server in use, without user and password."""

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""

    @property
    def client_id(self) -> str | None:
        """The id that the server assigned, or None without a session. It is a credential: do not log it."""

    @property
    def connection_type(self) -> str | None:
        """The name of the transport agreed on, or None without a session."""

    @property
    def accepting(self) -> bool:
        """Whether events that come in now are taken.

        False while receivers are too slow and the client polls only to keep the session alive. What is not taken must
        not be acknowledged.
        """

    @property
    def http(self) -> Any:
        """The HTTP client that the caller passed to the client, or None.

        For requests of an extension's own, such as a login: the caller's proxies and certificates hold for them too.
        It stays the caller's to close, may have headers and credentials of the caller's for the Bayeux server, and
        belongs to the library that the caller chose, usually httpx. Without it, use a new client of httpx, which reads
        ``HTTPS_PROXY`` and ``SSL_CERT_FILE`` as the transports do.
        """

    @property
    def recovers(self) -> bool:
        """Whether the client handshakes and subscribes again by itself, and calls `HookSpecs.delivered`.

        False of a `BayeuxClient`, which leaves all that to its caller.
        """

    def use(self, extension: object, name: str | None = None) -> Registration:
        """Register an extension from now on.

        Raises:
            ExtensionError: Its name is taken, or one of its hooks is wrong.
        """

    def remove(self, name: str) -> Registration:
        """Remove an extension.

        Raises:
            ExtensionError: No extension of that name is registered.
        """

    def hook(self, name: str) -> HookCaller:
        """The call of a hook that an installed package brings.

        Raises:
            UsageError: No installed package brings a hook of this name.
        """

    def move(self, url: str) -> None:
        """Use another address of the server from the next request on.

        Raises:
            UsageError: It is not an address.
        """

    def resubscribe(self, channel: str) -> None:
        """End the subscription to a channel on the server and subscribe again.

        Raises:
            UsageError: The client has no such subscription, or does not recover by itself (`recovers`).
        """

    def hold_events(self, holder: str, reason: str = "") -> None:
        """Give receivers no further event until `release_events` is called with the same holder.

        What a receiver has in hand it may finish. What comes waits, as for receivers that are slow, so that memory is
        bounded and the session lives on. While several hold them back, all have to release them. The reason is logged;
        without one, nothing is, as for a moment in which a store catches up.

        Raises:
            UsageError: The client has no receivers (`recovers`).
        """

    def release_events(self, holder: str, *, discard: bool = False) -> None:
        """Give receivers events again; with `discard`, those that wait are given up, unhandled.

        Raises:
            UsageError: The client has no receivers (`recovers`).
        """

    def rehandshake(self, reason: str) -> None:
        """Begin a new session with the same subscriptions, even where the server advised to end.

        Raises:
            UsageError: No session is under way, or the client does not recover by itself (`recovers`).
        """
