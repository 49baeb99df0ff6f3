"""`BlockingEmulator`: an org on its own thread, for code without an event loop.

Owns the calls into that thread. The methods are those of `SalesforceEmulator`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pybayeux_devserver.toolkit import call_with_timeout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anyio.from_thread import BlockingPortal

    from pybayeux_devserver.toolkit import Json

    from .emulator import SalesforceEmulator
    from .events.changes import Transaction

__all__ = ("BlockingEmulator",)


class BlockingEmulator:
    """A running org. Its methods may be called from any thread or event loop except its own.

    Every other method and property of `SalesforceEmulator` is available too, under the same name.

    Args:
        org: The org.
        portal: The portal into the event loop of the org.
    """

    def __init__(self, org: SalesforceEmulator, portal: BlockingPortal) -> None:
        self._org: Final = org
        self._portal: Final = portal

    def publish(self, channel: str, payload: Any, **more: Any) -> int:
        """Publish an event; see `Publisher.publish`."""
        return self._portal.call(partial(self._org.publish, channel, payload, **more))

    def publish_change(
        self,
        entity: str,
        kind: str,
        record_ids: Sequence[str],
        fields: Mapping[str, Any] | None = None,
        transaction: Transaction | None = None,
        **more: Any,
    ) -> dict[str, int]:
        """Publish a change of records; see `Publisher.publish_change`."""
        return self._portal.call(
            partial(self._org.publish_change, entity, kind, record_ids, fields, transaction, **more)
        )

    def publish_transaction(self, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
        """Publish changes that are committed together; see `Publisher.publish_transaction`."""
        return self._portal.call(partial(self._org.publish_transaction, changes))

    def received(self, channel: str, count: int = 1, timeout: float = 10) -> list[Json]:
        """Wait for messages to a channel; see `Recorder.received`.

        Args:
            channel: The channel.
            count: How many messages there must be since the start or the last `recorder.clear`.
            timeout: Seconds to wait.

        Raises:
            TimeoutError: The messages did not arrive in time.
        """
        return call_with_timeout(self._portal, timeout, self._org.recorder.received, channel, count)

    def __getattr__(self, name: str) -> Any:
        found = self._portal.call(getattr, self._org, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self._portal.call(partial(found, *args, **kwargs))
