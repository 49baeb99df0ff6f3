"""Clients for an org in one call: which extensions they have, and which argument becomes which option."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pybayeux import AsyncClient, Client
from pybayeux_auth import Auth
from pybayeux_replay import Replay

from .address import endpoint_of
from .backfill.options import BackfillOptions
from .extension import Salesforce

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from pybayeux_auth import Grant

__all__ = ("client", "sync_client")

_LONG_POLLING: Final = ("long-polling",)
_SNAPSHOT: Final = "snapshot"


def client(
    address: str,
    *,
    login: str | Callable[[], str | Grant | Awaitable[str | Grant]] | None = None,
    store: Any = "sqlite",
    consumer: str = "default",
    since: Any = "latest",
    backfill: bool | BackfillOptions = False,
    extensions: Iterable[object] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    **arguments: Any,
) -> AsyncClient:
    """Return an `AsyncClient` for an org, with the extensions `Salesforce`, `Replay` and, given a login, `Auth`.

    Args:
        address: ``salesforce://my-org``, or ``https://host`` for a site or an emulator.
        login: How to log in: a flow of `pybayeux_auth`, a function that returns a token or a `Grant`, or a token. None
            if `options` or the environment configure `pybayeux_auth`.
        store: Where positions are stored, as in `Replay`.
        consumer: The name under which positions are stored.
        since: Where a channel without a stored position starts, as in `Replay`; ``snapshot``: with all records of the
            objects of ``/data/...``, then with what changes, without a gap between them. That is a backfill.
        backfill: Whether the gaps of change events are filled, as in `Salesforce`.
        extensions: Further extensions, in addition to the installed ones.
        options: Further options of ``salesforce``, ``auth``, ``replay`` and other extensions, by extension name.
        arguments: Further arguments of `AsyncClient`.

    Raises:
        UsageError: The address or an argument is not valid.
        ExtensionError: An option is not valid.
    """
    return AsyncClient(
        endpoint_of(address), **_arguments(login, store, consumer, since, backfill, extensions, options, arguments)
    )


def sync_client(
    address: str,
    *,
    login: str | Callable[[], str | Grant | Awaitable[str | Grant]] | None = None,
    store: Any = "sqlite",
    consumer: str = "default",
    since: Any = "latest",
    backfill: bool | BackfillOptions = False,
    extensions: Iterable[object] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    **arguments: Any,
) -> Client:
    """Return a `Client` for an org, for code without asyncio. Arguments and errors are those of `client`."""
    return Client(
        endpoint_of(address), **_arguments(login, store, consumer, since, backfill, extensions, options, arguments)
    )


def _arguments(
    login: Any,
    store: Any,
    consumer: str,
    since: Any,
    backfill: bool | BackfillOptions,
    extensions: Iterable[object],
    options: Mapping[str, Mapping[str, Any]] | None,
    others: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the arguments of `AsyncClient`. It instantiates the extensions' classes with their options."""
    adapting: dict[str, Any] = {"active": True}
    if since == _SNAPSHOT:
        chosen = backfill if isinstance(backfill, BackfillOptions) else BackfillOptions()
        since, backfill = "latest", replace(chosen, snapshot=True)
    if backfill:
        adapting["backfill"] = backfill
    own: dict[str, dict[str, Any]] = {
        "salesforce": adapting,
        "replay": {"store": store, "consumer": consumer, "since": since},
    }
    classes: list[object] = [Salesforce, Replay]
    if login is not None:
        own["auth"] = {"token": login}
        classes.append(Auth)
    for name, given in (options or {}).items():
        own[name] = own.get(name, {}) | dict(given)
    return {"transports": _LONG_POLLING, **others, "extensions": [*classes, *extensions], "options": own}
