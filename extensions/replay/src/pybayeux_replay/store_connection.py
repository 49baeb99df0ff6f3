"""The connection between the store and the client: how the store is opened, and what the client does about it.

Owns the store of the option, the schemes of names that other extensions add, and what holds receivers back: a store
that fails, and one that has to catch up. What is stored is decided in `position_writer.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .stores import Stores, check_name, opens_slowly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux import HookClient

    from .position import Position
    from .store import Store

__all__ = ("StoreConnection",)

_OUTAGE: Final = "replay's store"
_BEHIND: Final = "replay, until its store has caught up"
"""Who holds receivers back while the store fails."""


class StoreConnection:
    """The store of one client. It is an `OutageObserver`.

    Args:
        store: The store, or its name.

    Attributes:
        store: The same.

    Raises:
        ValueError: The name is none of a store.
    """

    def __init__(self, store: str | Store) -> None:
        if isinstance(store, str):
            check_name(store)
        self.store: Final = store
        self._client: HookClient | None = None
        self._stores: Stores | None = None

    # -- opening

    def join(self, client: HookClient) -> None:
        """The client starts."""
        self._client = client

    @property
    def is_known(self) -> bool:
        """Whether the store can be opened without the schemes of other extensions."""
        return not isinstance(self.store, str) or Stores().knows(self.store)

    @property
    def is_slow(self) -> bool:
        """Whether to open the store may take longer than a hook may."""
        return opens_slowly(self.store) if isinstance(self.store, str) else self.store.blocking

    def find_scheme(self) -> None:
        """Ask other extensions for the scheme of the name: the store is opened in a thread, where no hook is called."""
        if isinstance(self.store, str) and self._stores is None:
            self._stores = self._known_stores(self.store)

    def open(self) -> Store:
        """Open the store.

        Raises:
            UsageError: Its scheme is unknown.
        """
        if not isinstance(self.store, str):
            return self.store
        return (self._stores or self._known_stores(self.store)).open(self.store)

    def _known_stores(self, name: str) -> Stores:
        stores = Stores()
        if self._client is not None and not stores.knows(name):
            self._client.hook("register_stores").call(stores)
        return stores

    # -- what the store does

    def positions_stored(self, positions: Mapping[str, Position]) -> None:
        """Call the hook of this name."""
        if self._client is not None:
            self._client.hook("positions_stored").call(positions, self._client)

    def store_failed(self, error: Exception | None) -> None:
        """Call the hook of this name."""
        if self._client is not None:
            self._client.hook("store_failed").call(error, self._client)

    def pause_receivers(self, reason: str) -> None:
        """Have no further event handled."""
        self._hold(_OUTAGE, reason)

    def resume_receivers(self) -> None:
        """Have events handled again."""
        self._release(_OUTAGE)

    def fell_behind(self) -> None:
        """Have no further event handled until the store has caught up."""
        self._hold(_BEHIND)

    def caught_up(self) -> None:
        """Have events handled again."""
        self._release(_BEHIND)

    def _hold(self, holder: str, reason: str = "") -> None:
        if self._client is not None:
            self._client.hold_events(holder, reason)

    def _release(self, holder: str) -> None:
        if self._client is not None:
            self._client.release_events(holder)
