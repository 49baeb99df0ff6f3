"""The hooks: what an extension may implement, and the names that it needs for that.

This module is the only place that says anything about a hook: its name and arguments, whether it may wait (``async
def``), whether the first result ends the call (``firstresult=True``), what it may return (the annotation), and, with
`HookRule`, its order and what becomes of an exception. It runs nothing: `extensions/` finds, checks, orders and calls
the implementations, and derives all that it needs from here.

Rules for all hooks:

- An implementation may take fewer arguments than its specification has, in any order: they are passed by name.
- Where the specification is ``async def``, an implementation may be so too, or a plain function. It is awaited in its
  place, so a later one sees its work. Where it is a plain ``def``, implementations are plain functions.
- Hooks run in pluggy's order, last registered first. `incoming` and `response` run the other way round: what the last
  extension changes on the way out, it changes back first on the way in. ``tryfirst`` and ``trylast`` mean earliest and
  latest in this call, in either direction.
- ``wrapper=True`` makes a plain generator with one ``yield`` an implementation that runs around all later ones. It
  returns what `yield` returned, or something else to replace it.
- An implementation returns None, or, where the specification says so, a `Drop` or a value. Anything else is an error.
- An installed package may bring hooks of its own, marked `hookspec` and named by an entry point of the group
  ``pybayeux.hookspecs``. All of this holds for them too. `client.hook` calls them.
- The annotated result is that of a single implementation.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager  # noqa: TC003 - results are checked against their annotations
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar

import pluggy

from .errors import BayeuxError  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import click

    from .errors import ReceiverError, Remedy
    from .hook_client import HookClient
    from .message import Message
    from .state import ConnectionState
    from .transports.base import TransportRequest, TransportResponse
    from .transports.registry import TransportRegistry

__all__ = (
    "DEPRECATED_ARGUMENTS",
    "HOOK_API",
    "OLDEST_HOOK_API",
    "PROJECT",
    "DiagnosisFindings",
    "Drop",
    "HookRule",
    "HookSpecs",
    "Redelivery",
    "hookimpl",
    "hookspec",
)

PROJECT: Final = "pybayeux"
"""The name of the markers and the group of the entry points."""

HOOK_API: Final = 1
"""The number of this set of hooks. It grows when a hook or an argument goes away, or changes what it means.

An extension may say which it was written for, as an attribute `pybayeux_hook_api`; one that does not fit is left out.
"""

OLDEST_HOOK_API: Final = 1
"""The oldest number whose extensions still work here."""

DEPRECATED_ARGUMENTS: Final[Mapping[str, Mapping[str, str]]] = {}
"""From a hook and its argument to what to use instead; its use is a DeprecationWarning."""

hookspec: Final = pluggy.HookspecMarker(PROJECT)
"""Marks the specification of a hook: here, and in packages that bring hooks of their own."""

hookimpl: Final = pluggy.HookimplMarker(PROJECT)
"""Marks a method or function of an extension as the implementation of the hook of its name."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The result of `HookSpecs.outgoing` or `HookSpecs.incoming` that stops a message.

    Attributes:
        reason: Why, for the error that the sender gets and for the log.
        remedy: What helps, where the message is a request of the client's own; without it that is repeated later.
            `Remedy.GIVE_UP` ends the subscription, or the session where a handshake or connect was stopped.
    """

    reason: str
    remedy: Remedy | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Redelivery:
    """The result of `HookSpecs.redelivery`: the server sends again what the client does not take now.

    Attributes:
        request: Called once when there is room again, on the client's event loop; it asks the server for what was not
            taken, and does not wait. None where the server sends it again by itself. An exception is reported to
            `HookSpecs.failed`.
    """

    request: Callable[[], None] | None = None


class DiagnosisFindings(Protocol):
    """What `HookSpecs.diagnose` adds to."""

    def add_problem(self, what: str, remedy: str = "") -> None:
        """Add something that is wrong, and what to do about it."""

    def add_note(self, what: str, remedy: str = "") -> None:
        """Add something that is worth knowing, and what to do about it."""


@dataclass(frozen=True, slots=True)
class HookRule:
    """What a specification cannot say with its signature and pluggy's marker.

    Attributes:
        mirrored: The first registered extension is called first, instead of the last.
        on_error: What becomes of an exception. ``report``: it is reported to `HookSpecs.failed`, and the call goes on
            with the next implementation. ``raise``: it ends the call. ``log``: as ``report``, to the logger alone.
        called_on: Which extensions are called. ``ready``: those whose `registered` has returned. ``all``: those not yet
            ready too. ``one``: the extension concerned alone.
    """

    mirrored: bool = False
    on_error: Literal["report", "raise", "log"] = "report"
    called_on: Literal["ready", "all", "one"] = "ready"

    def __call__(self, function: _F) -> _F:
        """Put this rule on a specification."""
        function.__dict__["pybayeux_rule"] = self
        return function


_F = TypeVar("_F", bound="Callable[..., object]")


class HookSpecs:
    """Every hook. An extension implements those it needs; it derives from nothing."""

    @hookspec(firstresult=True)
    @HookRule(on_error="raise")
    async def outgoing(self, message: Message, client: HookClient) -> Drop | None:
        """See every message before it is sent: requests of the client (``/meta/...``) and publishes alike.

        Called once per message and sending, after the client has set `id` and `client_id`. For a message that is sent
        again it is called again.

        `message` may be changed in place; every change reaches the server.

        Return a `Drop` to stop the message: it is not sent, the rest of its batch is, no later implementation sees it,
        and the sender gets a `MessageDropped` (``404::message_deleted``) with the reason.

        An exception stops the message as well: the sender gets an `ExtensionHookError`; a request of the client's own
        counts as a failed attempt and is repeated later.
        """

    @hookspec(firstresult=True)
    @HookRule(mirrored=True)
    async def incoming(self, message: Message, client: HookClient) -> Drop | None:
        """See every message of the server, replies and events, before the client uses it.

        Called once per message, in the order of their arrival. A request that failed on the way is shown as a reply
        made by the client: ``successful`` is False and `extra` has a ``failure``. A reply that answers nothing is
        not shown.

        `message` may be changed in place; receivers see the change.

        Return a `Drop` to hide the message: no later implementation and no receiver sees it. The session still does,
        so the connection lives on.

        An exception is reported to `failed` and the message goes on to the next implementation.
        """

    @hookspec
    @HookRule(on_error="raise", called_on="one")
    async def registered(self, name: str, client: HookClient) -> None:
        """This extension has become part of `client` under `name`.

        Called for the extension concerned alone, before its message hooks: when the client starts, or at once where it
        joins a running client.

        An exception keeps the extension out: where the program passed it, `start` or `use` raises the
        `ExtensionHookError`; an installed one is left out with a warning.
        """

    @hookspec
    @HookRule(called_on="one")
    async def unregistered(self, name: str, client: HookClient) -> None:
        """This extension is no longer part of `client`; the counterpart of `registered`.

        Called for the extension concerned alone, after the last of its other hooks, if `registered` was called and
        succeeded: when it is removed, and when the client closes. Then the extension registered last goes first.

        An exception is reported to `failed`.
        """

    @hookspec
    async def delivered(self, message: Message, client: HookClient) -> None:
        """Every receiver has finished with this event: the place to store a position.

        Called once per event that a receiver got, in the order of arrival within a channel.

        An exception is reported to `failed`.
        """

    @hookspec
    def unsubscribed(self, channel: str, client: HookClient) -> None:
        """The last subscription to a channel or pattern has ended; what waited for its receivers is given up.

        Called at that moment, before the unsubscribe is sent, and also where there is no session to send it in: the
        place to forget what was received and not handled. It cannot wait: what comes after must find it done.

        An exception is reported to `failed`.
        """

    @hookspec(firstresult=True)
    def redelivery(self, client: HookClient) -> Redelivery | None:
        """Say whether the server sends again what the client does not take now, and how to ask for it.

        Called when receivers have been too slow for so long that the server may drop the session. Return a `Redelivery`
        where what comes in while `client.accepting` is False comes again later: by itself, as under CometD's
        acknowledgement, or when the client asks for it, as with replay. The client then polls on, to keep the session
        alive, and takes none of the events it receives; their `incoming` is not called. When half of the queue is free
        again, it calls the `request` of the `Redelivery`.

        None asks the next extension. Without a `Redelivery` the client's policy `overflow` decides.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec(firstresult=True)
    def extend_timeout(self, message: Message, client: HookClient) -> float | None:
        """Give a server more time for its answer to a request.

        Called when the answer to `message` has not come within the advised timeout and `max_network_delay`, before the
        request is given up. Return the seconds to wait on; None asks the next extension, and without an answer the
        request fails.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec(firstresult=True)
    def channel_error(self, channel: str, client: HookClient) -> BayeuxError | None:
        """Say what is wrong with a subscribed channel, although the server has accepted the subscription.

        Called for each such channel or pattern when `client.health` is read, in the thread that reads it. With an error
        the channel is among the inactive ones, and the client is not ready. None asks the next extension, and without
        an answer the channel is active.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec(firstresult=True)
    def transaction(
        self, message: Message, client: HookClient, earlier: Sequence[Message]
    ) -> AbstractAsyncContextManager[Any] | None:
        """Return the transaction in which an event is handled and its position kept, both or neither.

        Called for ``async with event.transaction() as tx``, with the event as it was received; `tx` is what the context
        manager returns on entry. If the block ends without an exception, the event counts as handled. None asks the
        next extension; if no extension has a transaction, the caller gets a `UsageError`.

        `earlier` has the events before `message` that are handled in the same transaction, in order; usually there are
        none. They count as handled with it.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec(firstresult=True)
    @HookRule(on_error="raise")
    async def dead_letter(
        self, message: Message, subscription: str, error: ReceiverError, client: HookClient
    ) -> str | None:
        """Keep an event that a handler failed on, so that the stream can go on without it.

        Called for a handler that was subscribed with ``on_error="dead_letter"``, with the event as it was received, the
        channel or pattern subscribed to, and the error, whose cause is the handler's exception. The event counts as
        handled after this call, so return only when it is safe, for example on disk. After a crash the same event may
        come again.

        Return where it is now, for the log. None asks the next extension.

        If no extension keeps the event, or an exception ends the call, that is reported and the subscription ends with
        the event unhandled, as with ``on_error="raise"``.
        """

    @hookspec(firstresult=True)
    def interpret_error(self, error: BayeuxError, client: HookClient) -> BayeuxError | None:
        """Return the error that a refusal or a broken exchange means with this server.

        Called with a `ReplyError` for each request that the server refused, before the session acts on it, and with a
        `TransportError` for each exchange that failed. The error returned is raised and reported instead; of a
        `ReplyError`, its `remedy` and `retry_after` say what the session does next. None asks the next extension;
        without an answer the server's advice decides.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec
    async def diagnose(self, findings: DiagnosisFindings, client: HookClient) -> None:
        """Say what ``pybayeux doctor`` cannot know of this server: what is wrong with it, and what is worth knowing.

        Called once, in the first session that works, before its end. `findings` has `add_problem` and `add_note`, which
        take what was found and what to do about it. A problem makes the command fail.

        An exception is reported as a failure of the extension.
        """

    @hookspec
    async def state_changed(self, old: ConnectionState, new: ConnectionState, client: HookClient) -> None:
        """The connection has gone from one state into another.

        Called after each change, in order. An exception is reported to `failed`.
        """

    @hookspec
    @HookRule(on_error="log")
    async def failed(self, error: BayeuxError, client: HookClient) -> None:
        """Something went wrong that the client survives: a failed attempt, a failed receiver, a failed hook.

        Called once per error, beside the logger. An exception in this hook goes to the logger alone.
        """

    @hookspec
    @HookRule(on_error="raise")
    async def request(self, request: TransportRequest, client: HookClient) -> None:
        """See every HTTP request and WebSocket upgrade before it leaves, after `outgoing` has seen its messages.

        The place for bearer tokens, signed addresses and session headers. `request.url` may be replaced,
        `request.headers` changed in place.

        An exception keeps the request from leaving and counts as a failed attempt: better no request than one without
        its token.
        """

    @hookspec
    @HookRule(mirrored=True)
    async def response(self, response: TransportResponse, client: HookClient) -> None:
        """See the status and the headers of every answer, before `incoming` sees its messages.

        Called for failed answers (such as 401) too. An exception is reported to `failed`.
        """

    @hookspec(firstresult=True)
    @HookRule(on_error="raise", called_on="all")
    def resolve_url(self, url: str) -> str | None:
        """Turn an address in a scheme of the extension's own into the ``http`` or ``https`` address of a server.

        Called once, while the client is made, before `registered`, and only with an address whose scheme is not the
        core's, such as ``salesforce://my-org``. None asks the next extension; if no extension knows the
        scheme, the caller gets a `UsageError`.

        An exception ends the call: a `UsageError` reaches the caller as it is, any other as `ExtensionHookError`.
        """

    @hookspec
    @HookRule(called_on="all")
    def register_transports(self, registry: TransportRegistry) -> None:
        """Add connection types to those that the client knows.

        Called once, while the client is made, before `registered`. An exception is reported, and the other
        extensions are still called.
        """

    @hookspec
    @HookRule(called_on="all")
    def register_commands(self, cli: click.Group) -> None:
        """Add sub-commands to the ``pybayeux`` command.

        Called once per run of the command that may need them; there is no client, and `registered` is not called. An
        exception is reported, and the command goes on without these sub-commands.

        Not called for an extension whose package names its commands as entry points of the group ``pybayeux.commands``:
        those are listed without loading anything.
        """
