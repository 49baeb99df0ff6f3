"""Subscriptions on both sides: those of the user, and the channels that the session has at the server.

Owns the order of what happens to both: a receiver is known before the server is asked, and the extensions hear of the
end of a channel before the server does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..channel import Channel, ChannelType
from ..errors import BayeuxError, SessionEndedError, TransportError
from ..state import ConnectionState

if TYPE_CHECKING:
    from ..session import Request
    from .dispatcher import Dispatcher
    from .event_queue import EventQueue
    from .hooks import HookRunner
    from .reporter import Reporter
    from .runner import SessionRunner
    from .waiters import Waiters

__all__ = ("SubscriptionManager",)


class SubscriptionManager:
    """Begins and ends subscriptions.

    Args:
        runner: Asks the server.
        dispatcher: Brings the events.
        waiters: Wait for the server's replies.
        hooks: Are told of each channel that has lost its last subscription.
        reporter: Is told of errors that no caller waits for.
        reply_timeout: Seconds to wait for the reply to an unsubscribe.
    """

    def __init__(
        self,
        runner: SessionRunner,
        dispatcher: Dispatcher,
        waiters: Waiters,
        hooks: HookRunner,
        reporter: Reporter,
        reply_timeout: float,
    ) -> None:
        self._runner: Final = runner
        self._dispatcher: Final = dispatcher
        self._waiters: Final = waiters
        self._hooks: Final = hooks
        self._reporter: Final = reporter
        self._reply_timeout: Final = reply_timeout

    async def begin(self, queue: EventQueue) -> None:
        """Let a subscription's queue receive; on a running session, return when the server has accepted it.

        Raises:
            SubscribeError: The server refused.
        """
        channel = queue.channel
        if Channel(channel).type is ChannelType.SERVICE:
            # Private to session and server, so there is nothing to subscribe to; Faye refuses it (section 2.2.2).
            self._dispatcher.router.add(queue)
            return
        if self._dispatcher.router.add(queue):
            # Events may come before the reply: the receiver is known from now on.
            self._dispatcher.subscription_started(channel)
            self._runner.subscribe(channel)
        runner = self._runner
        if not runner.is_running or runner.view.is_active_channel(channel) or runner.view.is_deferred_channel(channel):
            return
        try:
            await self._waiters.for_channel(channel)
        except BaseException:
            await self.leave(queue, wait=False)
            raise

    async def leave(self, queue: EventQueue, wait: bool = True) -> None:
        """The user ends a subscription; on a running session, return when the server has replied."""
        request = self._forget(queue)
        queue.end()
        if request is None or not wait or self._runner.view.state is not ConnectionState.CONNECTED:
            return
        try:
            async with asyncio.timeout(self._reply_timeout):
                await self._waiters.for_reply(request)
        except SessionEndedError:
            pass  # reported where it ended
        except BayeuxError as error:
            self._reporter.report(error)
        except TimeoutError:
            self._reporter.report(TransportError(f"no reply to the unsubscribe from {queue.channel}"))

    def cut(self, queue: EventQueue, error: BayeuxError) -> None:
        """End one subscription with an error; the events that wait for it are given up."""
        self._forget(queue)
        self._dispatcher.receiver_failed(queue, None, error)
        queue.end(error)
        queue.drop(queue.pending)
        self._dispatcher.event_taken()

    def rejected(self, channel: str, error: BayeuxError) -> None:
        """The server refused a channel for good: its subscriptions end with the error."""
        if not self._waiters.rejected(channel, error):
            self._reporter.report(error)
            self._dispatcher.failures[channel] = error
        rejected = self._dispatcher.router.of(channel)
        for queue in rejected:
            self._dispatcher.router.remove(queue)
        if rejected:
            self._hooks.unsubscribed(channel)
        for queue in rejected:
            queue.end(error)

    def end_all(self, error: BayeuxError | None = None) -> None:
        """End every subscription, with the error where there is one."""
        self._dispatcher.failures.clear()
        for queue in self._dispatcher.router:
            self._forget(queue)
            queue.end(error)

    def _forget(self, queue: EventQueue) -> Request | None:
        if not self._dispatcher.router.remove(queue):
            return None
        self._hooks.unsubscribed(queue.channel)
        return self._runner.unsubscribe(queue.channel)
