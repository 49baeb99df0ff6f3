"""Incidents in an org while clients are connected: sessions end, tokens expire, limits are reached, requests fail.

Owns the order of the steps of each incident. The rules that follow from them are in the org's other parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .org.quotas import Quota
from .streaming.session_endings import DEFAULT_ENDING, SESSION_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Collection

    from .faults.faults import OrgFaults
    from .org.hosts import Hosts
    from .state import OrgState
    from .streaming.sessions import OrgSession

__all__ = ("Incidents",)


class Incidents:
    """Makes something happen to an org.

    Args:
        state: The org.
        faults: The planned faults.
        hosts: The org's host names.
    """

    def __init__(self, state: OrgState, faults: OrgFaults, hosts: Hosts) -> None:
        self._state: Final = state
        self._faults: Final = faults
        self._hosts: Final = hosts

    def revoke(self, token: str | None = None) -> int:
        """Revoke an access token, or all of them. Refresh tokens stay valid.

        Returns:
            How many tokens were valid before.
        """
        return self._state.end_token(token)

    def expire(self, token: str | None = None) -> int:
        """Expire an access token, or all of them.

        Returns:
            How many tokens were valid before.
        """
        return self._state.end_token(token, expired=True)

    def rebalance(self) -> None:
        """Move every client to another server, which does not know its session.

        Held connects are answered first, because their connections stay open. The next request of a client fails with
        ``403::Unknown client``, advice ``handshake`` and a new cookie.
        """
        self._state.balancer.rebalance()
        self._state.wake()

    def kill_sessions(self, variant: str = DEFAULT_ENDING, client_id: str | None = None) -> int:
        """End one session, or all of them.

        Args:
            variant: How clients are told, one of `SESSION_ENDINGS`.
            client_id: The session, or None for all.

        Returns:
            How many sessions were ended.

        Raises:
            LookupError: There is no such variant.
        """
        if variant not in SESSION_ENDINGS:
            raise LookupError(f"variant: expected one of {', '.join(SESSION_ENDINGS)}; got {variant!r}")
        ended = [session for session in self._state.sessions if client_id in (None, session.client_id)]
        for session in ended:
            self._state.sessions.remove(session, SESSION_ENDINGS[variant])
        return len(ended)

    def busy(self, n: int = 1) -> None:
        """Refuse the next handshakes, connects and subscribes because the server is too busy.

        The replies name this cause in ``ext.sfdc.failureReason`` only; their ``error`` is misleading, as in real orgs.

        Args:
            n: How many requests to refuse.
        """
        self._state.busy = n

    def fail_next(self, kind: str, n: int = 1, **where: Any) -> None:
        """Let the next requests fail.

        Args:
            kind: How they fail, one of `SalesforceEmulator.fault_kinds`.
            n: How many requests.
            where: Which requests: ``channel``, ``client_id``, ``with_events``, ``path``; and the parameters of the
                kind. For ``huge-ids`` the channel is the one whose ids grow, see `jump`.

        Raises:
            LookupError: There is no such kind.
            TypeError: The kind has no such parameter.
        """
        if kind == "huge-ids":
            self.jump(**where)
        else:
            self._faults.plan(kind, n, **where)

    def clear_faults(self) -> None:
        """Cancel all planned faults and `busy`, and switch off every limit that `quota` switched on."""
        self._faults.clear()
        self._state.busy = 0
        for quota in Quota:
            self._state.quotas.switch(quota, on=False)

    def cut_connections(self) -> None:
        """Cut every open connection. Events of held connects are delivered by the next connect."""
        self._faults.cut()

    def quota(self, name: str, on: bool = True, seconds: float | None = None) -> None:
        """Switch on that a limit is reached, or switch it off again.

        Args:
            name: ``clients``, ``delivered``, ``topic``, ``server-connections`` or ``api-requests``.
            on: Whether the limit is reached.
            seconds: How long it is reached, in the org's time. None means until it is switched off.

        Raises:
            ValueError: There is no such limit.
        """
        self._state.quotas.switch(Quota(name), on=on, seconds=seconds)
        if on and name == Quota.DELIVERED:
            self._state.wake()

    def advance(self, seconds: float) -> None:
        """Move the org's clock forward: cookies and tokens expire, sessions end, old events are purged.

        Raises:
            ValueError: The number of seconds is negative.
        """
        self._state.clock.advance(seconds)
        self._state.wake_overdue()

    def backlog(self, channel: str | None = None, on: bool = True) -> int:
        """Begin a backlog of the event bus, or end it.

        During a backlog connects are answered as ever, and events are published, kept and purged, but not delivered
        (Salesforce help 005321562). When it ends, the events that are still kept are delivered. A session for which
        some were purged ends, and its replay id is no longer valid.

        Args:
            channel: The channel, or None for all channels.
            on: Whether the backlog begins.

        Returns:
            How many sessions ended.

        Raises:
            LookupError: The channel is not defined.
        """
        bus = self._state.bus
        over = set() if on else {channel} & bus.backlog if channel else set(bus.backlog)
        ended = self._end_sessions_behind(over)
        bus.hold_back(channel, on=on)
        return ended

    def _end_sessions_behind(self, channels: Collection[str]) -> int:
        """End the sessions with an event on these channels that was deleted before it was delivered."""
        behind = [session for session in self._state.sessions if self._has_lost_events(session, channels)]
        for session in behind:
            self._state.sessions.remove(session)
        return len(behind)

    def _has_lost_events(self, session: OrgSession, channels: Collection[str]) -> bool:
        return any(
            each.offset < self._state.bus.log(each.channel).purged
            for each in session.subscriptions.values()
            if each.channel in channels
        )

    def purge(self, channel: str, before: int | None = None) -> int:
        """Delete the events of a channel before this replay id, or all of them.

        Sessions to which one of them was still to be delivered end: no session skips an event in silence. During a
        backlog of the channel they end when it ends.

        Returns:
            How many events were deleted.

        Raises:
            LookupError: The channel is not defined.
        """
        deleted = self._state.bus.log(channel).purge_before(before)
        self._end_sessions_behind({channel} - self._state.bus.backlog)
        return deleted

    def forget(self, channel: str, replay_id: int) -> bool:
        """Delete one event.

        Returns:
            Whether the event existed.

        Raises:
            LookupError: The channel is not defined.
        """
        return self._state.bus.log(channel).forget(replay_id)

    def jump(self, channel: str | None = None, distance: int = 2**53) -> None:
        """Raise the replay ids of the next events.

        Args:
            channel: The channel, or None for all channels.
            distance: How much to add. The default is more than a double can represent exactly.

        Raises:
            LookupError: The channel is not defined.
        """
        for name in self._state.bus.definitions if channel is None else (channel,):
            self._state.bus.log(name).jump(distance)

    def migrate(
        self, *, move: bool = False, collide: bool = True, revoke: bool | None = None
    ) -> dict[str, dict[int, int]]:
        """Move the org to another instance: all sessions end, and all events get new replay ids.

        The instance has another name (``Organization.InstanceName``). My Domain stays, as in real orgs.

        Args:
            move: The ``instance_url`` changes too, as without My Domain. Under the old name only logins work then.
            collide: An old id is likely to be the new id of another event. Otherwise no old id is valid.
            revoke: Revoke all access tokens. None means: if ``move`` is true.

        Returns:
            For each channel, the new id of each old one.
        """
        renumbered = self._state.bus.renumber(collide=collide)
        self._state.instance += 1
        if revoke or (revoke is None and move):
            self._state.tokens.revoke()
        if move:
            self._hosts.move()
        self.kill_sessions()
        self._state.balancer.rebalance()
        return renumbered
