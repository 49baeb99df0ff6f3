"""What every replica of a consumer has, whether it handles all channels or a part: its name, its store, its client.

What it holds, and what that means for the client, is decided in `replica.py` and `sharded_replica.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pybayeux.errors import UsageError

from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pybayeux import HookClient

    from .keeper import Keeper
    from .position_writer import PositionWriter
    from .subscriptions import Subscriptions

__all__ = ("BaseReplica", "store_error")

_DOUBT: Final = "replay's doubt"
"""Who holds the receivers back while the replica is in doubt."""

StoreT = TypeVar("StoreT", bound=Store)


def store_error(option: str, store: Store, lack: str) -> UsageError:
    """Return the error of an option that takes another kind of store.

    Args:
        option: The option.
        store: The store.
        lack: What it does not do.
    """
    return UsageError(
        f"{option}: {type(store).__name__} {lack}; expected a store in a database, such as 'sqlite:///positions.db'"
    )


class BaseReplica(ABC, Generic[StoreT]):
    """A replica of one consumer.

    Args:
        consumer: The consumer.
        writer: Stores the positions.
        subscriptions: The subscriptions of the client.
    """

    _keeper: Keeper[Any]

    def __init__(self, consumer: str, writer: PositionWriter, subscriptions: Subscriptions) -> None:
        self._consumer: Final = consumer
        self._writer: Final = writer
        self._subscriptions: Final = subscriptions
        self._joined: HookClient | None = None

    @staticmethod
    @abstractmethod
    def check_store(store: Store) -> StoreT:
        """Return a store, if it can keep what a replica holds.

        Raises:
            UsageError: It cannot.
        """

    def _store(self) -> StoreT:
        return self.check_store(self._writer.access.store)

    @property
    def _client(self) -> HookClient:
        assert self._joined is not None
        return self._joined

    def join(self, client: HookClient) -> None:
        """The client starts."""
        self._joined = client

    def start(self) -> None:
        """Ask the store from now on.

        Raises:
            UsageError: The store cannot keep what a replica holds.
        """
        self._store()
        self._keeper.start()

    def _ask_afresh(self, channels: Iterable[str]) -> None:
        for channel in channels:
            with suppress(UsageError):  # the program has left it meanwhile
                self._client.resubscribe(channel)

    def _begin_doubt(self, reason: str) -> None:
        """Have nothing more handled."""
        self._client.hold_events(_DOUBT, reason)

    def _end_doubt(self) -> None:
        """Have events handled again."""
        self._client.release_events(_DOUBT)
