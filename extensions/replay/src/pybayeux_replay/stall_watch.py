"""The watch for stalls: looks at the subscriptions with each reply to a connect, and reports the stalls that it finds.

What a stall is, is decided in `stalls.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .stalls import Stalls

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from pybayeux import HookClient

    from .gaps import GapNotifier
    from .resumption import Resumption
    from .stalls import Stall
    from .subscriptions import Subscriptions

__all__ = ("StallWatch",)


class StallWatch:
    """Watches all subscriptions of a client.

    Args:
        after: How long nothing comes in a stall; None to look for none.
        subscriptions: The subscriptions of the client.
        notifier: Passes stalls on.
    """

    def __init__(self, after: timedelta | None, subscriptions: Subscriptions, notifier: GapNotifier) -> None:
        self._stalls: Final = Stalls(after)
        self._subscriptions: Final = subscriptions
        self._notifier: Final = notifier

    @property
    def present(self) -> tuple[Stall, ...]:
        """The stalls that are not over."""
        return self._stalls.present

    def of(self, subscription: str) -> Stall | None:
        """The present stall of a subscription. For any thread."""
        return self._stalls.of(subscription)

    def on_connect_reply(self, now: datetime, client: HookClient) -> None:
        """A connect was answered: look at the subscriptions that had events, and from time to time at the others."""
        had_events = self._subscriptions.with_events.take()
        if not client.accepting:
            for each in self._subscriptions:
                self._stalls.on_session(each.subscription, now)
            return
        for each in had_events:
            self._look(each, now, client, has_event=True)
        if self._stalls.is_time_to_look(now):
            for each in self._subscriptions:
                self._look(each, now, client, has_event=False)

    def _look(self, subscription: Resumption, now: datetime, client: HookClient, *, has_event: bool) -> None:
        if not subscription.is_live:
            return
        if (stall := self._stalls.on_connect_reply(subscription.subscription, now, has_event=has_event)) is not None:
            self._notifier.notify_stall(stall, client)

    def on_granted(self, subscription: str, now: datetime) -> None:
        """The server has granted a subscription: the time before was no silence."""
        self._stalls.on_session(subscription, now)

    def remove(self, subscription: str) -> None:
        """A subscription has ended."""
        self._stalls.remove(subscription)
