"""The hooks that this package brings, for other extensions to implement with the ordinary `hookimpl`.

An extension that works without this package as well marks its implementation ``@hookimpl(optionalhook=True)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookspec

if TYPE_CHECKING:
    from pybayeux import HookClient

    from .gap import Gap
    from .stores import Stores

__all__ = ("ReplayHooks",)


class ReplayHooks:
    """Every hook that this package brings."""

    @hookspec
    async def gap(self, gap: Gap, client: HookClient) -> None:
        """Events may be missing from a subscription: fetch them elsewhere, raise an alarm.

        Called once for each gap, when the server has granted the subscription that goes on behind it. Events after the
        gap may come before and while this is called. Never called where nothing can be missing.

        An exception is reported.
        """

    @hookspec(firstresult=True)
    def replay_origin(self, client: HookClient) -> str | None:
        """Say who numbers the events, such as an org and its instance: a position is good there alone.

        Called after each handshake, before subscriptions begin. None asks the next extension; where nobody knows it,
        positions are taken for good until the server refuses them.

        An exception is reported, and counts as None.
        """

    @hookspec
    def register_stores(self, stores: Stores) -> None:
        """Add kinds of stores: ``stores.add("redis", open_redis)`` for names such as ``redis://host/0``.

        Called when the store is opened, at the first subscription, and by the sub-commands of ``pybayeux replay``.

        An exception is reported, the others are still asked.
        """
