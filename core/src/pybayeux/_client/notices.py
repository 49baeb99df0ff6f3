"""Notices of the session: what follows for callers that wait, for extensions, subscriptions and the back-pressure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from ..errors import ClientStateError
from ..session import (
    Ended,
    Failed,
    PollOverdue,
    RequestCompleted,
    StateChanged,
    Subscribed,
    SubscriptionDeferred,
    SubscriptionRejected,
)

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from ..session import Notice
    from .hooks import HookRunner
    from .recovery_log import RecoveryLog
    from .reporter import Reporter
    from .waiters import Waiters

__all__ = ("NoticeHandler", "PollObserver", "SubscriptionObserver")


class SubscriptionObserver(Protocol):
    """Is told what the server and the session do to subscriptions: the subscription manager."""

    def rejected(self, channel: str, error: BayeuxError) -> None:
        """The server refused a channel for good."""

    def end_all(self, error: BayeuxError | None = None) -> None:
        """The session is over."""


class PollObserver(Protocol):
    """Is told that connects have been held back for long: the back-pressure."""

    def poll_overdue(self) -> None:
        """Connects have been held back for as long as it is safe."""


class NoticeHandler:
    """Acts on the notices of one session.

    Args:
        hooks: Run `state_changed`.
        waiters: Get the outcomes that they wait for.
        reporter: Is told of failures that the session deals with.
        recovery: Notes failures and recoveries.

    Attributes:
        ended_by: The error that ended the session; None while it runs, or where the user ended it.
    """

    def __init__(self, hooks: HookRunner, waiters: Waiters, reporter: Reporter, recovery: RecoveryLog) -> None:
        self._hooks: Final = hooks
        self._waiters: Final = waiters
        self._reporter: Final = reporter
        self._recovery: Final = recovery
        self.ended_by: BayeuxError | None = None

    def attach(self, polls: PollObserver, subscriptions: SubscriptionObserver) -> None:
        """Know the parts that are made after this."""
        self._polls, self._subscriptions = polls, subscriptions

    def start(self) -> None:
        """Another life of the session begins."""
        self.ended_by = None

    def handle(self, notice: Notice, now: float) -> None:
        """Act on one notice, which the session made by `now`."""
        match notice:
            case StateChanged(old, new):
                self._recovery.state_changed(old, new, now)
                self._waiters.state_reached(new)
                self._hooks.state_changed(old, new)
            case Failed(error):
                self._recovery.failed(error, now)
                self._reporter.report(error)
            case RequestCompleted(request, outcome):
                self._waiters.complete(request, outcome)
            case Subscribed(channel):
                self._recovery.subscribed(channel)
                self._waiters.subscribed(channel)
            case SubscriptionDeferred(channel):
                self._waiters.subscribed(channel)
            case SubscriptionRejected(channel, error):
                self._subscriptions.rejected(channel, error)
            case PollOverdue():
                self._polls.poll_overdue()
            case Ended(error):
                self.ended_by = error
                self._waiters.end(error or ClientStateError("the client was closed"))
                self._subscriptions.end_all(error)
