"""Exactly once: an event is handled and its position stored in one transaction of the store."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from pybayeux.errors import UsageError

from .commit import Grouping
from .handled import Handled
from .reading import read_key
from .store import TransactionalStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pybayeux import Message

    from .ledger import Ledger
    from .window import Window

__all__ = ("exactly_once",)

_HELP: Final = "exactly once is not possible"


@asynccontextmanager
async def exactly_once(
    message: Message, windows: Sequence[Window], ledger: Ledger, grouping: Grouping
) -> AsyncIterator[Any]:
    """Give the store's transaction; at its end the position of the event is kept in it.

    Args:
        message: The event.
        windows: The subscriptions that it belongs to.
        ledger: The way to the store.
        grouping: How positions are committed elsewhere.

    Raises:
        UsageError: The position cannot be kept with what is written in the transaction.
    """
    store = _store(ledger)
    if grouping is Grouping.TRANSACTION:
        raise UsageError(f"{_HELP}: with commit='transaction' no position is kept within a transaction of the server")
    window, replay_id = _window(message, windows)
    async with ledger.transaction(
        store, window.subscription, Handled(replay_id, message, window.origin)
    ) as transaction:
        yield transaction


def _store(ledger: Ledger) -> TransactionalStore:
    store = ledger.store
    if isinstance(store, TransactionalStore):
        return store
    kind = type(store).__name__
    raise UsageError(f"{_HELP}: {kind} has no transactions; choose store='sqlite:///positions.db' or another database")


def _window(message: Message, windows: Sequence[Window]) -> tuple[Window, int]:
    """The one subscription of an event, and its replay id, where the event is the next to be handled in it."""
    key = read_key(message)
    if key is None or not windows:
        raise UsageError(f"{_HELP}: this event of {message.channel} has no replay id")
    if len(windows) > 1:
        names = " and ".join(window.subscription for window in windows)
        raise UsageError(f"{_HELP}: the events of {message.channel} belong to {names}; subscribe to one of them")
    (window,) = windows
    if not window.is_next(message):
        raise UsageError(
            f"{_HELP}: events of {window.subscription} before this one are not handled yet; handle them in their order"
        )
    return window, key[0]
