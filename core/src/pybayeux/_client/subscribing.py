"""Subscriptions as the server knows them: begun, left, refused, cut, ended.

Owns the order of what happens on both sides: a receiver is known before the server is asked, and the extensions hear of
the end of a channel before the server does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..channel import Channel, ChannelType
from ..errors import BayeuxError, TransportError
from ..state import ConnectionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..session import Request, Session
    from ..subscription import Subscription
    from .dispatcher import Delivery
    from .waiters import Waiting

__all__ = ("Enrolment",)


class Enrolment:
    """Keeps the receivers and the session's channels together.

    Args:
        session: What asks the server.
        delivery: What brings the events.
        waiting: Who waits for the server's word.
        is_running: Tells whether there is anybody to ask the server.
        poke: Has the session asked again what to do.
        unsubscribed: Told of each channel that has lost its last subscription.
        report: Told of errors that nobody waits for.
        patience: Seconds to wait for the answer to the end of a subscription.
    """

    def __init__(
        self,
        session: Session,
        delivery: Delivery,
        waiting: Waiting,
        *,
        is_running: Callable[[], bool],
        poke: Callable[[], None],
        unsubscribed: Callable[[str], None],
        report: Callable[[BayeuxError], None],
        patience: float,
    ) -> None:
        self._session: Final = session
        self._delivery: Final = delivery
        self._waiting: Final = waiting
        self._is_running: Final = is_running
        self._poke: Final = poke
        self._unsubscribed: Final = unsubscribed
        self._report: Final = report
        self._patience: Final = patience

    async def begin(self, subscription: Subscription) -> None:
        """Let a subscription receive; on a running session wait for the server's word."""
        channel = subscription.channel
        if Channel(channel).type is ChannelType.SERVICE:
            # Private to session and server, so there is nothing to subscribe to; Faye refuses it (section 2.2.2).
            self._delivery.router.add(subscription)
            return
        if self._delivery.router.add(subscription):
            # Events may come before the reply: the receiver is known from now on.
            self._delivery.started(channel)
            self._session.subscribe(channel)
            self._poke()
        if not self._is_running() or self._session.is_granted(channel):
            return
        try:
            await self._waiting.for_channel(channel)
        except BaseException:
            await self.leave(subscription, wait=False)
            raise

    async def leave(self, subscription: Subscription, wait: bool = True) -> None:
        """The user ends a subscription; on a running session the server's answer is waited for."""
        request = self._forget(subscription)
        subscription.end()
        if request is None:
            return
        self._poke()
        if not wait or self._session.state is not ConnectionState.CONNECTED:
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._waiting.for_reply(request)
        except BayeuxError as error:
            self._report(error)
        except TimeoutError:
            self._report(TransportError(f"no answer to the end of the subscription to {subscription.channel}"))

    def cut(self, subscription: Subscription, error: BayeuxError) -> None:
        """End one subscription with an error; what waits for it is given up."""
        self._forget(subscription)
        subscription.end(error)
        subscription.drop(subscription.pending)
        self._delivery.taken()
        self._poke()

    def refused(self, channel: str, error: BayeuxError) -> None:
        """The server refused a channel for good: its subscriptions end with the error."""
        if not self._waiting.channel_refused(channel, error):
            self._report(error)
        refused = self._delivery.router.of(channel)
        for subscription in refused:
            self._delivery.router.remove(subscription)
        if refused:
            self._unsubscribed(channel)
        for subscription in refused:
            subscription.end(error)

    def end_all(self, error: BayeuxError | None = None) -> None:
        """No subscription receives any more."""
        for subscription in self._delivery.router:
            self._forget(subscription)
            subscription.end(error)

    def _forget(self, subscription: Subscription) -> Request | None:
        if not self._delivery.router.remove(subscription):
            return None
        self._unsubscribed(subscription.channel)
        return self._session.unsubscribe(subscription.channel)
