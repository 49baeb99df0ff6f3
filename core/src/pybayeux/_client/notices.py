"""The notices of a session: each goes to those whom it concerns, in the order in which things happened.

Decides nothing, and does not know when there are notices: the runner asks.
"""

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
    SubscriptionRejected,
)

if TYPE_CHECKING:
    from ..errors import BayeuxError
    from ..session import Notice, Session
    from .backpressure import BackPressure
    from .hooks import HookRunner
    from .reporter import Reporter
    from .waiters import Waiters

__all__ = ("NoticeHandler", "SubscriptionObserver")


class SubscriptionObserver(Protocol):
    """Is told what the server and the session do to subscriptions: the subscription manager."""

    def rejected(self, channel: str, error: BayeuxError) -> None:
        """The server refused a channel for good."""

    def end_all(self, error: BayeuxError | None = None) -> None:
        """The session is over."""


class NoticeHandler:
    """Takes the notices of one session.

    Args:
        session: Has them.
        hooks: Are told of states.
        waiters: Get the outcomes.
        reporter: Is told of failures that the session deals with.

    Attributes:
        ended_by: The error that ended the session, None while it runs or where the user ended it.
    """

    def __init__(self, session: Session, hooks: HookRunner, waiters: Waiters, reporter: Reporter) -> None:
        self._session: Final = session
        self._hooks: Final = hooks
        self._waiters: Final = waiters
        self._reporter: Final = reporter
        self._is_handling = False
        self.ended_by: BayeuxError | None = None

    def attach(self, back_pressure: BackPressure, subscriptions: SubscriptionObserver) -> None:
        """Know the parts that are made later."""
        self._back_pressure, self._subscriptions = back_pressure, subscriptions

    def handle(self) -> None:
        """Hand on all that there are, and those that come up meanwhile."""
        if self._is_handling:  # what a hook brings about is told after what brought the hook about
            return
        self._is_handling = True
        try:
            while notices := self._session.take_notices():
                for notice in notices:
                    self._handle(notice)
        finally:
            self._is_handling = False

    def _handle(self, notice: Notice) -> None:
        match notice:
            case StateChanged(old, new):
                self._waiters.state_reached(new)
                self._hooks.state_changed(old, new)
            case Failed(error):
                self._reporter.report(error)
            case RequestCompleted(request, outcome):
                self._waiters.complete(request, outcome)
            case Subscribed(channel):
                self._waiters.subscribed(channel)
            case SubscriptionRejected(channel, error):
                self._subscriptions.rejected(channel, error)
            case PollOverdue():
                self._back_pressure.poll_overdue()
            case Ended(error):
                self.ended_by = error
                self._waiters.end(error or ClientStateError("the client was closed"))
                self._subscriptions.end_all(error)
