"""The positions of the consumer that a command of `pybayeux replay` works on.

Owns how a command finds its store and its consumer: from the options of the extension, and from ``--store`` and
``--consumer``, which take precedence. It does not know what the commands do.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux import installed_extension, installed_hook
from pybayeux.cli import Failure
from pybayeux.errors import BayeuxError, UsageError

from .position_lookup import keys_of
from .shard_view import ShardView
from .shards import ShardTable
from .store import LeaseStore, MemoryStore, ShardStore
from .stores import Stores, check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .extension import Replay
    from .leases import Lease
    from .position import Position
    from .store import Store

__all__ = ("ConsumerPositions", "with_positions")


class ConsumerPositions:
    """The positions of one consumer in one store.

    Args:
        store: The store.
        consumer: The consumer.
    """

    def __init__(self, store: Store, consumer: str) -> None:
        self.store: Final = store
        self.consumer: Final = consumer

    def items(self) -> Mapping[str, Position]:
        """Return all positions, by subscription."""
        return self.store.items(self.consumer)

    def lease(self) -> Lease | None:
        """Return the lease, if there ever was one."""
        return self.store.lease(self.consumer) if isinstance(self.store, LeaseStore) else None

    def shards(self) -> ShardView:
        """Return the shards; there may be none."""
        if isinstance(self.store, ShardStore):
            return ShardView(self.store.shards(self.consumer))
        return ShardView(ShardTable(datetime.now(UTC)))

    def active(self) -> list[str]:
        """Return the replicas that handle events now, as far as they have a lease or hold channels."""
        lease = self.lease()
        return [*([] if lease is None or lease.is_expired else [lease.holder]), *self.shards().live]

    def set(self, positions: Mapping[str, Position]) -> None:
        """Store these positions."""
        self.store.set(self.consumer, positions)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the positions under these keys."""
        for key in keys:
            self.store.delete(self.consumer, key)

    def key(self, subscription: str) -> str | None:
        """Return the key of a subscription, of whichever org; None if no position is stored for it.

        Raises:
            UsageError: Positions of several orgs are stored for it.
        """
        keys = keys_of(subscription, self.items())
        if len(keys) > 1:
            raise UsageError(f"several orgs have a position for {subscription}: name one of {', '.join(keys)}")
        return keys[0] if keys else None


def with_positions(command: Callable[..., Any], *, creates: bool = False) -> Callable[..., Any]:
    """Add ``--store`` and ``--consumer`` to a command, and call it with the positions that they name.

    Args:
        command: The command.
        creates: Whether it may create the file of a store. Others refuse one that does not exist: its name is misspelt.
    """

    @click.option("--store", "name", metavar="NAME", help="The store, such as positions.db or sqlite:///positions.db.")
    @click.option("--consumer", metavar="NAME", help="The consumer that the positions belong to.")
    @click.pass_context
    def with_store(context: click.Context, /, name: str | None, consumer: str | None, **others: Any) -> Any:
        extension = _configured(context)
        store = _open_store(context, extension.store if name is None else name)
        context.call_on_close(store.close)
        path = getattr(store, "path", None)
        if not creates and isinstance(path, Path) and not path.exists():
            raise UsageError(f"store: {path} does not exist; expected the file in which your clients store positions")
        positions = ConsumerPositions(store, extension.consumer if consumer is None else consumer)
        _check_answers(positions)
        return command(positions, **others)

    with_store.__doc__ = command.__doc__
    return with_store


def _check_answers(positions: ConsumerPositions) -> None:
    """See that the store can be read. What its library raises where the engine is away is no bug of the command."""
    try:
        positions.items()
    except BayeuxError:
        raise
    except Exception as error:
        reason, *_ = str(error).splitlines() or [""]
        raise Failure(f"{positions.store!r} cannot be read: {type(error).__name__}: {reason}") from error


def _open_store(context: click.Context, store: str | Store) -> Store:
    if isinstance(store, str):
        try:
            check_name(store)
        except ValueError as error:
            raise UsageError(str(error)) from None
        stores = Stores()
        if not stores.knows(store):
            cli: Any = context.find_root().obj
            installed_hook("register_stores", options=cli.options(), disabled=cli.disabled).call(stores)
        store = stores.open(store)
    if isinstance(store, MemoryStore):
        raise UsageError(
            "the store 'memory' keeps nothing after the end of a program: name the store of your clients with --store, "
            "such as --store positions.db"
        )
    return store


def _configured(context: click.Context) -> Replay:
    """Return the extension with the options that a client would give it."""
    cli: Any = context.find_root().obj
    found: Replay = installed_extension("replay", options=cli.options(), disabled=cli.disabled)
    return found
