"""`BlockingEmulator`: an org on its own thread, for code without an event loop.

Owns the way into that thread. Every word is `SalesforceEmulator`'s.
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
    """A running org; its methods may be called from any thread or event loop but its own.

    What is not written out here is called on the `SalesforceEmulator` in its thread, under the same name.

    Args:
        org: The org.
        portal: The way to its event loop.
    """

    def __init__(self, org: SalesforceEmulator, portal: BlockingPortal) -> None:
        self._org: Final = org
        self._portal: Final = portal

    def publish(self, channel: str, payload: Any, **more: Any) -> int:
        """Publish on a channel; see `SalesforceEmulator.publish`."""
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
        """Publish a change; see `SalesforceEmulator.publish_change`."""
        return self._portal.call(
            partial(self._org.publish_change, entity, kind, record_ids, fields, transaction, **more)
        )

    def received(self, channel: str, count: int = 1, timeout: float = 10) -> list[Json]:
        """Wait until so many messages to a channel have come since the start or the last `recorder.clear`.

        Raises:
            TimeoutError: They did not come within so many seconds.
        """
        return call_with_timeout(self._portal, timeout, self._org.recorder.received, channel, count)

    def __getattr__(self, name: str) -> Any:
        found = self._portal.call(getattr, self._org, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self._portal.call(partial(found, *args, **kwargs))
