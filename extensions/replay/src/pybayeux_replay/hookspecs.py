"""The hooks of this package, for other extensions to implement with the ordinary `hookimpl`.

An extension that also works without this package marks its implementation ``@hookimpl(optionalhook=True)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux import HookClient

    from .bookmarks import Bookmarks
    from .gaps import Gap
    from .leases import Lease
    from .position import Position
    from .shards import Shard
    from .stalls import Stall
    from .stores import Stores

__all__ = ("ReplayHooks",)


class ReplayHooks:
    """All hooks of this package."""

    @hookspec
    async def gap(self, gap: Gap, client: HookClient) -> None:
        """Events may be missing from a subscription: fetch them elsewhere, raise an alarm.

        Called once for each gap, when the server has granted the subscription that goes on after it. Events from after
        the gap may come before this call and during it. Never called where no event can be missing.

        An exception is reported.
        """

    @hookspec
    def granted(self, subscription: str, gap: Gap | None, client: HookClient) -> None:
        """The server has granted a subscription, after this gap if there is one.

        Called for each subscribe that the server grants, at the moment at which the client sees the reply: what comes
        after that is not given to receivers yet. It cannot wait; see `HookClient.insert_events`.

        An exception is reported.
        """

    @hookspec(firstresult=True)
    def bookmarks(self, client: HookClient) -> Bookmarks | None:
        """Return the bookmarks: positions of an extension's own, in the store of this client's positions.

        Replay implements it, for extensions that read missing events elsewhere.

        An exception is reported, and counts as None.
        """

    @hookspec
    async def stalled(self, stall: Stall, client: HookClient) -> None:
        """Nothing comes on a channel that usually has events, though the client is connected; or events come again.

        Called once when a stall begins, and once with ``stall.is_over`` when the next event comes in the same run.

        An exception is reported.
        """

    @hookspec
    def positions_stored(self, positions: Mapping[str, Position], client: HookClient) -> None:
        """These positions were written into the store, by subscription: a restart goes on after them.

        An exception is reported.
        """

    @hookspec
    def store_failed(self, error: Exception | None, client: HookClient) -> None:
        """The store fails: nothing is stored until it is back. Then this is called again, without an error.

        Called once when that begins, and once when it ends. Meanwhile positions are kept in memory, transactions wait,
        and the client goes on; beyond 10,000 events that are handled and not stored, receivers are held back.

        An exception is reported.
        """

    @hookspec
    def lease_changed(self, lease: Lease | None, client: HookClient) -> None:
        """This replica of its consumer is active from now on, under this lease; without one it stands by.

        Called with the option `lease` alone, when it becomes active, and when another replica has become active.

        An exception is reported.
        """

    @hookspec
    def shards_changed(self, shards: Mapping[str, Shard], client: HookClient) -> None:
        """This replica of its consumer handles these channels from now on, by the channel or pattern, and no others.

        Called with the option `shard` alone, when it has gained or lost some.

        An exception is reported.
        """

    @hookspec(firstresult=True)
    def replay_origin(self, client: HookClient) -> str | None:
        """Say who numbers the events, such as an org and its instance: a position is valid there only.

        The parts are separated by ``@``, the most lasting first: ``org@host@instance``. The positions of each org are
        kept apart from those of other orgs; a position of another host or instance is a gap. A part that is empty is
        not known, and is not compared. A text without ``@`` has no org, and is compared as a whole.

        Called before each subscribe. None asks the next extension. If all return None, positions are used until the
        server refuses them.

        An exception is reported, and counts as None.
        """

    @hookspec
    def register_stores(self, stores: Stores) -> None:
        """Add kinds of stores: ``stores.add("shelf", open_shelf)`` for names such as ``shelf://host/0``.

        Called when the store is opened, at the first subscription, and by the sub-commands of ``pybayeux replay``.

        An exception is reported, and the next extension is called.
        """
