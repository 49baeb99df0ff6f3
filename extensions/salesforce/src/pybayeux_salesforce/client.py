"""A client for an org in one call, with the extensions that it takes.

Owns which extensions those are, and where each argument goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux import AsyncClient, Client
from pybayeux_auth import Auth
from pybayeux_replay import Replay

from .address import endpoint_of
from .extension import Salesforce

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from pybayeux_auth import Grant

__all__ = ("client", "sync_client")

_LONG_POLLING: Final = ("long-polling",)


def client(
    address: str,
    *,
    login: str | Callable[[], str | Grant | Awaitable[str | Grant]] | None = None,
    store: Any = "sqlite",
    consumer: str = "default",
    since: Any = "latest",
    extensions: Iterable[object] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    **arguments: Any,
) -> AsyncClient:
    """An `AsyncClient` for an org: it logs in, keeps positions, and knows Salesforce's ways.

    Args:
        address: ``salesforce://my-org``, or ``https://host`` for a site or an emulator; see `address.endpoint_of`.
        login: How to log in: a flow of `pybayeux_auth`, a function that gives a token or a `Grant`, or a token. None
            where `pybayeux_auth` is configured by `options` or the environment.
        store: Where positions are kept, as `Replay` has it.
        consumer: The name under which they are kept there.
        since: Where a channel begins that has no position yet, as `Replay` has it.
        extensions: Others, beside the installed ones.
        options: More options of ``salesforce``, ``auth``, ``replay`` and other extensions, by their names.
        arguments: What else `AsyncClient` is to be given.

    Raises:
        UsageError: The address is none, or as `AsyncClient` has it.
        ExtensionError: An option is wrong.
    """
    return AsyncClient(
        endpoint_of(address), **_arguments(login, store, consumer, since, extensions, options, arguments)
    )


def sync_client(
    address: str,
    *,
    login: str | Callable[[], str | Grant | Awaitable[str | Grant]] | None = None,
    store: Any = "sqlite",
    consumer: str = "default",
    since: Any = "latest",
    extensions: Iterable[object] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    **arguments: Any,
) -> Client:
    """The same for ordinary threads, without ``await``. The arguments are those of `client`."""
    return Client(endpoint_of(address), **_arguments(login, store, consumer, since, extensions, options, arguments))


def _arguments(
    login: Any,
    store: Any,
    consumer: str,
    since: Any,
    extensions: Iterable[object],
    options: Mapping[str, Mapping[str, Any]] | None,
    others: Mapping[str, Any],
) -> dict[str, Any]:
    """What `AsyncClient` is given: the classes, of which it makes the extensions, and their options."""
    own: dict[str, dict[str, Any]] = {
        "salesforce": {"active": True},
        "replay": {"store": store, "consumer": consumer, "since": since},
    }
    kinds: list[object] = [Salesforce, Replay]
    if login is not None:
        own["auth"] = {"token": login}
        kinds.append(Auth)
    for name, given in (options or {}).items():
        own[name] = own.get(name, {}) | dict(given)
    return {"transports": _LONG_POLLING, **others, "extensions": [*kinds, *extensions], "options": own}
