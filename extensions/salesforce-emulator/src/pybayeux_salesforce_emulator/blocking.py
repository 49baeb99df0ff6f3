"""`BlockingEmulator`: an org on its own thread, for code without an event loop.

Owns the calls into that thread. The methods are those of `SalesforceEmulator`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from pybayeux_devserver.toolkit import call_with_timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.from_thread import BlockingPortal

    from pybayeux_devserver.toolkit import Json

    from .emulated_org import EmulatedOrg
    from .emulator import SalesforceEmulator
else:
    # Only its types are inherited: at run time `__getattr__` finds its methods and properties, in the org's thread.
    EmulatedOrg = object

__all__ = ("BlockingEmulator",)

P = ParamSpec("P")
T = TypeVar("T")


class BlockingEmulator(EmulatedOrg):
    """A running org. Its methods may be called from any thread or event loop except its own.

    It has all methods and properties of `EmulatedOrg`, and those of `Publisher`.

    Args:
        org: The org.
        portal: The portal into the event loop of the org.
    """

    def __init__(self, org: SalesforceEmulator, portal: BlockingPortal) -> None:
        self._org: Final = org
        self._portal: Final = portal
        self.publish: Final = self._blocking(org.publish)
        self.publish_change: Final = self._blocking(org.publish_change)
        self.publish_transaction: Final = self._blocking(org.publish_transaction)

    @property
    def control_url(self) -> str:
        """The URL of the control interface."""
        return self._org.control_url

    def received(self, channel: str, count: int = 1, timeout: float = 10) -> list[Json]:
        """Wait for messages to a channel; see `BlockingServer.received`."""
        return call_with_timeout(self._portal, timeout, self._org.recorder.received, channel, count)

    def _blocking(self, method: Callable[P, Awaitable[T]]) -> Callable[P, T]:
        return lambda *args, **kwargs: self._portal.call(partial(method, *args, **kwargs))

    if not TYPE_CHECKING:  # or each name would have a type

        def __getattr__(self, name: str) -> Any:
            found = self._portal.call(getattr, self._org, name)
            if not callable(found):
                return found
            return lambda *args, **kwargs: self._portal.call(partial(found, *args, **kwargs))
