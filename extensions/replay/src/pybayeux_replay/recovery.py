"""Recovery: what is done when events may be lost, or were left with the server because receivers were too slow.

Where the server can send the events again, a new session begins after the last handled event. Where it cannot, a gap is
reported. Every way in which events can get lost while the client runs ends in this module; a subscription's own
beginnings are decided in `resumption.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, ConnectionState

if TYPE_CHECKING:
    from pybayeux import HookClient, Message

    from .gaps import GapNotifier
    from .resumption import ReplayContext
    from .subscriptions import Subscriptions

__all__ = ("Recovery",)

_ENDING: Final = frozenset({ConnectionState.DISCONNECTING, ConnectionState.TERMINATING, ConnectionState.DISCONNECTED})


class Recovery:
    """Asks the server for events again, for all subscriptions of a client.

    Args:
        subscriptions: The subscriptions.
        notifier: Passes gaps on.

    Attributes:
        acknowledged: Whether this server has acknowledgement. Then it sends unacknowledged events again by itself, and
            need not be asked.
    """

    def __init__(self, subscriptions: Subscriptions, notifier: GapNotifier) -> None:
        self.acknowledged: bool = False
        self._subscriptions: Final = subscriptions
        self._notifier: Final = notifier
        self._reported: Final[dict[str, None]] = {}

    def on_handshake_reply(self, ext: dict[str, Any]) -> None:
        """See whether the server has acknowledgement."""
        ack = ext.get("ack")
        self.acknowledged = ack.get("enabled") is True if isinstance(ack, dict) else ack is True

    def on_connect_reply(self) -> None:
        """A connect was answered: the next lost reply is another gap."""
        self._reported.clear()

    def on_failure(self, message: Message, failure: dict[str, Any], context: ReplayContext, client: HookClient) -> None:
        """A request got no reply: the lost reply may have had events, which the server takes for delivered.

        A request that never left, and a handshake, have no events in their replies.

        Args:
            message: The reply that the client has made.
            failure: Its member ``failure``.
            context: What is known at the moment.
            client: The client.
        """
        may_have_events = failure.get("sent", True) and message.channel != Channel.META_HANDSHAKE
        if not may_have_events or self.acknowledged or client.state in _ENDING:
            return
        if any(each.window.can_resume for each in self._subscriptions.open()):
            self.replay(client, "a reply was lost, and events may be lost with it")
        else:
            self._report_loss(context, client)

    def _report_loss(self, context: ReplayContext, client: HookClient) -> None:
        """Report a gap for each subscription, once until a connect is answered again."""
        for each in self._subscriptions:
            if each.is_live and each.is_replayed(context) and each.subscription not in self._reported:
                self._reported[each.subscription] = None
                self._notifier.notify(each.skipped(context, self._subscriptions.newest_position(each)), client)

    def can_rewind(self, context: ReplayContext) -> bool:
        """Whether the server can be asked later for every event that the client does not take now."""
        if self.acknowledged or self._subscriptions.has_private:
            return False
        received = self._subscriptions.open()
        return bool(received) and all(each.can_resume(context) for each in received)

    def rewind(self, client: HookClient) -> None:
        """Ask the server for the events that the client did not take."""
        if not self.acknowledged:
            self.replay(client, "receivers were too slow, and have room again")

    def replay(self, client: HookClient, reason: str) -> None:
        """Begin a new session. Within the present one, later events could overtake those that come again."""
        if client.state not in _ENDING:
            client.rehandshake(f"{reason}: replaying")
