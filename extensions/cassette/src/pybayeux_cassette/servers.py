"""The servers that play a cassette: a development server or an emulated org, in this process.

Owns how they are made, and `CassetteServer`, which a test plays. Both packages are optional: recording needs neither.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pybayeux.errors import UsageError

from .actions import OwnServer
from .playing import play
from .salesforce import OrgTarget
from .targets import DevServerTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_devserver import DevServer
    from pybayeux_salesforce_emulator import SalesforceEmulator

    from .playing import Target
    from .reading import Cassette

__all__ = ("CassetteServer", "new_dev_server", "new_org", "target_of")


def new_dev_server(**options: Any) -> DevServer:
    """A development server.

    Raises:
        UsageError: Its package is not installed.
    """
    try:
        from pybayeux_devserver import DevServer
    except ImportError:
        raise UsageError("a server needs the package pybayeux-devserver: pip install pybayeux-devserver") from None
    return DevServer(**options)


def new_org(**options: Any) -> SalesforceEmulator:
    """An emulated Salesforce org.

    Raises:
        UsageError: Its package is not installed.
    """
    try:
        from pybayeux_salesforce_emulator import SalesforceEmulator
    except ImportError:
        raise UsageError(
            "an org needs the package pybayeux-salesforce-emulator: pip install pybayeux-salesforce-emulator"
        ) from None
    return SalesforceEmulator(**options)


def target_of(server: Any, *, salesforce: bool, keep_ids: bool) -> Target:
    """The target for a server in this process.

    Raises:
        UsageError: The ids are to be kept, but an org gives its own.
    """
    if not salesforce:
        return DevServerTarget(OwnServer(server), keep_ids=keep_ids)
    if keep_ids:
        raise UsageError("an org gives replay ids of its own: they can be kept on a development server alone")
    return OrgTarget(OwnServer(server))


class CassetteServer:
    """A server in its own thread, with a cassette to play.

    Args:
        cassette: The cassette.
        server: The running server, a `BlockingServer` or a `BlockingEmulator`.
        target: Where the events are played to.

    Attributes:
        cassette: The cassette.
        server: The server, for faults, for tokens and for what clients sent.
    """

    def __init__(self, cassette: Cassette, server: Any, target: Target) -> None:
        self.cassette: Final = cassette
        self.server: Final = server
        self._target: Final = target
        asyncio.run(target.prepare(cassette))  # clients subscribe before anything is played

    @property
    def url(self) -> str:
        """The address for clients."""
        url: str = self.server.endpoint if hasattr(self.server, "endpoint") else self.server.url
        return url

    def play(
        self,
        *,
        speed: float | None = None,
        incidents: bool = False,
        on_event: Callable[[int], object] | None = None,
    ) -> int:
        """Play all events, by default at once; the arguments are those of `play`. Returns how many there were.

        It returns when the last one is published. In an event loop, call it with `asyncio.to_thread`.
        """
        return asyncio.run(play(self.cassette, self._target, speed=speed, incidents=incidents, on_event=on_event))
