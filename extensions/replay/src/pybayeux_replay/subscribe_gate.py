"""The gate that each subscribe has to pass: it is kept from the server while it cannot be said where it should begin.

What keeps it is known elsewhere: the store is not opened or read yet (`position_loader.py`), another replica handles
its channel (`replica.py`, `sharded_replica.py`), or it has to wait for a new session (`subscriptions.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import Drop
from pybayeux.errors import Remedy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import HookClient

    from .position_loader import PositionLoader
    from .recovery import Recovery
    from .replica import Replica
    from .sharded_replica import ShardedReplica
    from .subscriptions import Subscriptions

__all__ = ("SubscribeGate",)

_NEXT_SESSION: Final = Drop("it is sent in the next session", remedy=Remedy.WAIT)


class SubscribeGate:
    """Lets subscribes of one client pass, or has them wait.

    Args:
        subscriptions: The subscriptions of the client.
        loader: Opens and reads the store.
        replica: The replica of the consumer, or None without a lease.
        recovery: Begins new sessions.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        loader: PositionLoader,
        replica: Replica | ShardedReplica | None,
        recovery: Recovery,
    ) -> None:
        self._subscriptions: Final = subscriptions
        self._loader: Final = loader
        self._replica: Final = replica
        self._recovery: Final = recovery

    def stop(self, names: Sequence[str], client: HookClient | None) -> Drop | None:
        """Return what keeps a subscribe from being sent at present.

        Args:
            names: The channels and patterns that it names.
            client: The client.

        Raises:
            Exception: The store's own, if it is permanent.
        """
        if (drop := self._loader.stop_before_opened(names)) is not None:
            return drop
        if self._replica is not None and (drop := self._replica.stop_subscribe(names)) is not None:
            return drop
        if (drop := self._stop_before_session(names, client)) is not None:
            return drop
        if not self._loader.reads_ahead:
            return None
        return self._loader.stop_before_read([name for name in names if self._subscriptions.get(name) is None])

    def _stop_before_session(self, names: Sequence[str], client: HookClient | None) -> Drop | None:
        """Return what keeps a subscribe from being sent before there is a new session, and ask for that."""
        for name in names:
            if client is not None and self._subscriptions.takes_new_session(name):
                self._recovery.replay(client, f"{name} is subscribed to again")
                return _NEXT_SESSION
        return None
