"""The hooks: what an extension may implement, and the two names it needs for that, `hookimpl` and `Drop`.

This module owns the names, the arguments and the meaning of every hook. It runs nothing and imports nothing of the
package: `extensions/` finds, checks, orders and calls the implementations.

Rules for all hooks:

- An implementation may take fewer arguments than its specification has, in any order: they are passed by name.
- Unless a specification says otherwise, an implementation may be ``async def``. It is awaited in its place, so a later
  one sees its work.
- Hooks run in pluggy's order, last registered first. `incoming` and `response` run the other way round, so that the
  extensions lie around the client like the skins of an onion: what the last skin did on the way out, it undoes first
  on the way in. ``tryfirst`` and ``trylast`` mean earliest and latest in this call, in either direction.
- ``wrapper=True`` makes a plain generator with one ``yield`` an implementation that runs around all later ones. It
  returns what `yield` gave it, or something else to replace it.
- An implementation returns None, or, where the specification says so, a `Drop` or a value. Anything else is an error.
- An installed package may bring hooks of its own, marked `hookspec` and named by an entry point of the group
  ``pybayeux.hookspecs``. All of this holds for them too, but that one specified with a plain ``def`` is never
  implemented with ``async def``. `client.hook` calls them.
- The annotated result is the one of a single implementation.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager
    from typing import Any

    import click

    from .client import AsyncClient
    from .errors import BayeuxError, Remedy
    from .message import Message
    from .state import ConnectionState
    from .transports.base import TransportRequest, TransportResponse
    from .transports.registry import TransportRegistry

__all__ = (
    "DEPRECATED_ARGUMENTS",
    "HOOK_API",
    "HOOK_ARGUMENTS",
    "OLDEST_HOOK_API",
    "PROJECT",
    "SYNC_HOOKS",
    "Drop",
    "HookSpecs",
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
"""From a hook and its argument to what serves in its place: using one of these warns its author."""

hookspec: Final = pluggy.HookspecMarker(PROJECT)
"""Marks a specification. For this module alone."""

hookimpl: Final = pluggy.HookimplMarker(PROJECT)
"""Marks a method or function of an extension as the implementation of the hook of its name."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The result of `HookSpecs.outgoing` or `HookSpecs.incoming` that stops a message.

    Attributes:
        reason: Why, for the error that the sender gets and for the log.
        remedy: What helps, where the message is a request of the client's own, which else is repeated later.
            `Remedy.GIVE_UP` ends the subscription, or the session where a handshake or connect was stopped.
    """

    reason: str
    remedy: Remedy | None = field(default=None, kw_only=True)


class HookSpecs:
    """Every hook. An extension implements those it needs; it derives from nothing."""

    @hookspec(firstresult=True)
    def outgoing(self, message: Message, client: AsyncClient) -> Drop | None:
        """See every message before it is sent: requests of the client (``/meta/...``) and publishes alike.

        Called once per message and sending, after the client has set `id` and `client_id`. A message that is sent again
        passes again.

        `message` may be changed in place; every change reaches the server.

        Return a `Drop` to stop the message: it is not sent, the rest of its batch is, no later implementation sees it,
        and the sender gets a `MessageDropped` (``404::message_deleted``) with the reason.

        An exception stops the message as well: the sender gets an `ExtensionHookError`; a request of the client's own
        counts as a failed attempt and is repeated later.

        Order: last registered first.
        """

    @hookspec(firstresult=True)
    def incoming(self, message: Message, client: AsyncClient) -> Drop | None:
        """See every message of the server, replies and events, before the client uses it.

        Called once per message, in the order of their arrival. A request that failed on the way comes by as a reply
        made by the client: ``successful`` is False and `extra` has a ``failure``. A reply that answers nothing is
        not shown.

        `message` may be changed in place; receivers see the change.

        Return a `Drop` to hide the message: no later implementation and no receiver sees it. The session still does,
        so the connection lives on.

        An exception is reported to `failed` and the message goes on to the next implementation.

        Order: first registered first, the mirror image of `outgoing`.
        """

    @hookspec
    def registered(self, name: str, client: AsyncClient) -> None:
        """Begin: this extension has become part of `client` under `name`.

        Called for the extension concerned alone, before its message hooks: when the client starts, or at once where it
        joins a running client.

        An exception keeps the extension out: whoever passed it gets an `ExtensionHookError`, at the start or from
        `use`; an installed one is left out with a warning.
        """

    @hookspec
    def unregistered(self, name: str, client: AsyncClient) -> None:
        """End: this extension is no longer part of `client`; the counterpart of `registered`.

        Called for the extension concerned alone, after the last of its other hooks, if `registered` was called and
        succeeded: when it is removed, and when the client closes. Then the extension registered last goes first.

        An exception is reported to `failed`.
        """

    @hookspec
    def delivered(self, message: Message, client: AsyncClient) -> None:
        """Every receiver has finished with this event: the place to store a position.

        Called once per event that a receiver got, in the order of arrival within a channel.

        An exception is reported to `failed`.
        """

    @hookspec
    def unsubscribed(self, channel: str, client: AsyncClient) -> None:
        """The last subscription to a channel or pattern has ended; what waited for its receivers is given up.

        Called at that moment, before the server is told, and also where there is no session in which to tell it: the
        place to forget what was received and not handled. Never ``async def``: what comes after must find it done.

        An exception is reported to `failed`.
        """

    @hookspec(firstresult=True)
    def redelivers(self, client: AsyncClient) -> bool | None:
        """Say whether the server sends again what the client does not take now.

        Called when receivers have been too slow for so long that the server may drop the session. Return True where
        what comes in while `client.accepting` is False comes again later, as under CometD's acknowledgement as long as
        it is not acknowledged: the client then polls on, to keep the session alive, and takes none of the events it
        gets; their `incoming` is not called. None asks the next extension; without a True the client's policy
        `overflow` decides. Never ``async def``.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec(firstresult=True)
    def late(self, message: Message, client: AsyncClient) -> float | None:
        """Give a server more time for its answer to a request.

        Called when the answer to `message` has not come within the advised timeout and `max_network_delay`, before the
        request is given up. Return the seconds to wait on; None asks the next extension, and without an answer the
        request fails. Never ``async def``.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec
    def rewind(self, client: AsyncClient) -> None:
        """Have the server send again what was not taken: there is room for it now.

        Called when receivers were too slow, what came in was left to the server (`redelivers`), and half of the queue
        is free again. Where the server sends by itself what was not acknowledged there is nothing to do; where it has
        to be asked, as with replay, this is the time to ask.

        An exception is reported to `failed`.
        """

    @hookspec(firstresult=True)
    def transaction(self, message: Message, client: AsyncClient) -> AbstractAsyncContextManager[Any] | None:
        """Give the transaction in which an event is handled and its position kept, both or neither.

        Called for ``async with event.transaction() as tx``, with the event as it was received; what the block gets as
        `tx` is what the context manager gives. Where it ends without an exception the event counts as handled. None
        asks the next extension; where nobody has a transaction, the caller gets a `UsageError`. Never ``async def``.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec(firstresult=True)
    def explain(self, error: BayeuxError, client: AsyncClient) -> BayeuxError | None:
        """Say what an error of this server means, in the place of what the protocol makes of it.

        Called with a `ReplyError` for each request that the server refused, before the session acts on it, and with a
        `TransportError` for each exchange that failed. The error returned is raised and reported instead; of a
        `ReplyError`, its `remedy` and `retry_after` say what the session does next. None asks the next extension;
        where nobody knows better, the server's advice decides. Never ``async def``.

        An exception is reported to `failed`, and counts as None.
        """

    @hookspec
    def state_changed(self, old: ConnectionState, new: ConnectionState, client: AsyncClient) -> None:
        """The connection has gone from one state into another.

        Called after each change, in order. An exception is reported to `failed`.
        """

    @hookspec
    def failed(self, error: BayeuxError, client: AsyncClient) -> None:
        """Something went wrong that the client lives through: a failed attempt, a failed receiver, a failed hook.

        Called once per error, beside the logger. An exception in this hook goes to the logger alone.
        """

    @hookspec
    def request(self, request: TransportRequest, client: AsyncClient) -> None:
        """See every HTTP request and WebSocket upgrade before it leaves, after `outgoing` has seen its messages.

        The place for bearer tokens, signed addresses and session headers. `request.url` may be replaced,
        `request.headers` changed in place.

        An exception keeps the request from leaving and counts as a failed attempt: better no request than one without
        its token.

        Order: last registered first.
        """

    @hookspec
    def response(self, response: TransportResponse, client: AsyncClient) -> None:
        """See the status and the headers of every answer, before `incoming` sees its messages.

        Called for failed answers (such as 401) too. An exception is reported to `failed`.

        Order: first registered first, the mirror image of `request`.
        """

    @hookspec(firstresult=True)
    def resolve(self, url: str) -> str | None:
        """Turn an address in a scheme of the extension's own into the ``http`` or ``https`` address of a server.

        Called once, while the client is made, before `registered`, and only with an address whose scheme is not the
        core's, such as ``salesforce://my-org``. None asks the next extension; where nobody knows the scheme, the caller
        gets a `UsageError`. Never ``async def``.

        An exception ends the call: a `UsageError` reaches the caller as it is, any other as `ExtensionHookError`.
        """

    @hookspec
    def register_transports(self, registry: TransportRegistry) -> None:
        """Add connection types to those that the client knows.

        Called once, while the client is made, before `registered`; never ``async def``. An exception is reported, the
        others are still asked.
        """

    @hookspec
    def register_commands(self, cli: click.Group) -> None:
        """Add sub-commands to the ``pybayeux`` command.

        Called once per run of the command; there is no client, and `registered` is not called. Never ``async def``.
        An exception is reported, the command goes on without these sub-commands.
        """


def _arguments(function: object) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)[1:]  # type: ignore[arg-type]


HOOK_ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    name: _arguments(value) for name, value in vars(HookSpecs).items() if not name.startswith("_")
}
"""The arguments of each hook, by its name."""

SYNC_HOOKS: Final = frozenset(
    {
        "unsubscribed",
        "redelivers",
        "late",
        "transaction",
        "explain",
        "resolve",
        "register_transports",
        "register_commands",
    }
)
"""The hooks that cannot wait: an ``async def`` implementation of these is refused."""
