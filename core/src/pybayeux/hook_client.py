"""The client as hooks see it, and what its methods return.

Hooks know nothing else of a client. `AsyncClient` and `BayeuxClient` have all of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Sequence

    from .message import Message
    from .state import ConnectionState

__all__ = ("EventInsertion", "HookCaller", "HookClient", "Registration")


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


class EventInsertion(Protocol):
    """A place in the stream of a channel, for events of an extension's own: what `HookClient.insert_events` returns."""

    @property
    def closed(self) -> bool:
        """Whether it is closed: by `close`, or because the client gave up what waits for its receivers."""

    async def turn(self) -> None:
        """Wait until everything before this place was given to the channel's receivers.

        Raises:
            ClientStateError: It is closed.
        """

    async def put(self, events: Sequence[Message]) -> None:
        """Give events to the channel's receivers, at this place; waits for its turn.

        They pass no `HookSpecs.incoming`. `HookSpecs.delivered` is called for each, as for every event.

        Raises:
            ClientStateError: It is closed.
        """

    def close(self, drop: Callable[[Message], bool] | None = None) -> None:
        """Let what waits follow.

        Args:
            drop: Called with each event that waits up to the next insertion; one for which it returns true is given up.
        """


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

    def redact(self, text: str, limit: int = 200) -> str:
        """The text without secrets: the client's own credentials and ids, and what looks like some; cut to `limit`.

        For what an extension logs or keeps of what a server said.
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

    def discard_events(self, channel: str) -> None:
        """Give up the events that wait for the receivers of a channel or pattern, unhandled.

        What a receiver has in hand it may finish. To have the server send no more, subscribe to it no longer, or drop
        what comes.

        Raises:
            UsageError: The client has no receivers (`recovers`).
        """

    def events_in_hand(self, channel: str) -> int:
        """Return how many events the receivers of a channel or pattern have taken and not finished.

        Those of subscriptions that have ended count, as long as they may be finished.

        Raises:
            UsageError: The client has no receivers (`recovers`).
        """

    def insert_events(self, channel: str, before: Message | None = None) -> EventInsertion:
        """Make a place in the stream of a channel at which an extension gives receivers events of its own.

        What comes on the channel from there on waits, as for receivers that are slow, until the insertion is closed;
        then it follows in order. Other channels go on. Insertions on one channel take turns.

        Args:
            channel: The channel that the events have; not a pattern.
            before: An event that the hook `HookSpecs.incoming` sees at the moment: the place is right before it. None:
                after everything that has come.

        Raises:
            UsageError: The client has no receivers (`recovers`).
        """

    def rehandshake(self, reason: str) -> None:
        """Begin a new session with the same subscriptions, even where the server advised to end.

        Raises:
            UsageError: No session is under way, or the client does not recover by itself (`recovers`).
        """
