"""One replica of a consumer: what being active, standing by and doubt mean for its client.

A replica that stands by has a session and no subscription: its subscribes wait, so the server sends it nothing, and a
program waits in `subscribe`. When it becomes active it reads the positions that the replica before it has stored, and
subscribes after them. When it has lost the lease, it gives up all that it received, and stands by. While it is in
doubt, what its receivers have in hand goes on, and nothing more is handled.

Who holds the lease is found out by `LeaseKeeper`; that nothing is stored under a lost lease is up to the store.
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pybayeux import Drop
from pybayeux.errors import Remedy, UsageError

from .lease_keeper import LeaseKeeper
from .leases import LeaseLostError
from .store import LeaseStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from pybayeux import HookClient

    from .leases import Lease
    from .position_writer import PositionWriter
    from .store import Store
    from .subscriptions import Subscriptions

__all__ = ("Replica", "check_store")

_STANDBY: Final = "replay's lease"
_DOUBT: Final = "replay's doubt"
"""Who holds the receivers back, while it stands by, and while it is in doubt."""


def check_store(store: Store) -> LeaseStore:
    """Return a store, if it keeps leases.

    Raises:
        UsageError: It keeps none.
    """
    if isinstance(store, LeaseStore):
        return store
    raise UsageError(
        f"lease: {type(store).__name__} keeps no leases; expected a store in a database, such as "
        "'sqlite:///positions.db'"
    )


class Replica:
    """A replica of one consumer.

    Args:
        consumer: The consumer.
        length: How long the lease lasts without being renewed.
        writer: Stores the positions.
        subscriptions: The subscriptions of the client.

    Attributes:
        name: Its name in the store, such as ``host:4711:1f0c``.
    """

    def __init__(self, consumer: str, length: timedelta, writer: PositionWriter, subscriptions: Subscriptions) -> None:
        self.name: Final = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._consumer: Final = consumer
        self._writer: Final = writer
        self._subscriptions: Final = subscriptions
        self._keeper: Final = LeaseKeeper(
            self._store, consumer, self.name, length, self, lambda: subscriptions.unhandled
        )
        self._channels: set[str] = set()
        self._client: HookClient | None = None
        writer.lease_holder = self

    def _store(self) -> LeaseStore:
        return check_store(self._writer.store)

    # -- life

    def join(self, client: HookClient) -> None:
        """The client starts: stand by."""
        self._client = client
        client.hold_events(_STANDBY, "it stands by")

    def start(self) -> None:
        """Ask for the lease from now on.

        Raises:
            UsageError: The store keeps none.
        """
        self._store()
        self._keeper.start()

    async def leave(self) -> None:
        """The client ends, and everything is stored: hand over."""
        await self._keeper.stop()
        self._channels.clear()

    # -- what the client asks

    @property
    def lease(self) -> Lease | None:
        """The lease, while this replica holds it as far as it knows."""
        return self._keeper.held

    def lease_for_commit(self) -> Lease:
        """Return the lease that a commit has to name.

        Raises:
            LeaseLostError: This replica stands by.
        """
        if self._keeper.held is None:
            raise LeaseLostError(self._consumer)
        return self._keeper.held

    def commit_refused(self, error: LeaseLostError) -> None:
        """The store has refused a commit."""
        self._keeper.lose(error.holder)

    def stop_subscribe(self, channels: Iterable[str]) -> Drop | None:
        """Return what keeps a subscribe from being sent, while this replica stands by."""
        if self._keeper.held is not None:
            return None
        self._channels.update(channels)
        return Drop(f"another replica of {self._consumer!r} is active, or may be", remedy=Remedy.WAIT)

    # -- the lease changes

    def lease_gained(self, lease: Lease) -> None:
        """Subscribe after the stored positions."""
        assert self._client is not None
        self._client.release_events(_STANDBY, discard=True)
        self._client.hook("lease_changed").call(lease, self._client)
        channels, self._channels = self._channels, set()
        self._ask_afresh(channels)

    def lease_lost(self, holder: str | None) -> None:
        """Give up what was received, and stand by."""
        assert self._client is not None
        self._client.hold_events(_STANDBY, f"{holder or 'another replica'} is active")
        self._client.release_events(_DOUBT)
        channels = [each.subscription for each in self._subscriptions.open()]
        self._writer.forget()
        self._subscriptions.forget()
        self._client.hook("lease_changed").call(None, self._client)
        self._ask_afresh(channels)  # to end them at the server; the new subscribes wait

    def _ask_afresh(self, channels: Iterable[str]) -> None:
        assert self._client is not None
        for channel in channels:
            with suppress(UsageError):  # the program has left it meanwhile
                self._client.resubscribe(channel)

    def lease_in_doubt(self) -> None:
        """Have nothing more handled."""
        assert self._client is not None
        self._client.hold_events(_DOUBT, "the lease could not be renewed in time")

    def lease_confirmed(self) -> None:
        """Go on."""
        assert self._client is not None
        self._client.release_events(_DOUBT)
