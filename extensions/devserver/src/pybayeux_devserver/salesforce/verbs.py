"""What can happen to an org: the words for it.

Owns the words. What each means is done elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .farewells import DEFAULT, FAREWELLS
from .making import OrgMaking
from .quotas import Quota

if TYPE_CHECKING:
    from ..recorder import Recorder
    from .faults import OrgFaults
    from .hosts import Hosts
    from .publishing import Publisher
    from .state import OrgState

__all__ = ("OrgVerbs",)


class OrgVerbs(OrgMaking):
    """An org, and all that can be done with it.

    Args:
        state: The org.
        publisher: What publishes.
        faults: What goes wrong.
        hosts: The org's names.
        recorder: What remembers.
    """

    def __init__(
        self, state: OrgState, publisher: Publisher, faults: OrgFaults, hosts: Hosts, recorder: Recorder
    ) -> None:
        super().__init__(state, publisher, hosts, recorder)
        self._faults: Final = faults

    def revoke(self, token: str | None = None) -> int:
        """Revoke a token, or all; refresh tokens live on.

        Returns:
            How many were alive.
        """
        return self._state.end_token(token)

    def expire(self, token: str | None = None) -> int:
        """Let the time of a token be over, or that of all.

        Returns:
            How many were alive.
        """
        return self._state.end_token(token, expired=True)

    def rebalance(self) -> None:
        """The load balancer leads everybody to another server, where nobody's session is known.

        Connects that are held are answered, as they are on a connection that stays; what comes next gets
        ``403::Unknown client``, advice ``handshake`` and a new cookie.
        """
        self._state.balancer.rebalance()
        self._state.wake()

    def kill_sessions(self, variant: str = DEFAULT, client_id: str | None = None) -> int:
        """End one session or all.

        Args:
            variant: How clients learn it, one of `FAREWELLS`.
            client_id: The session, or None for all.

        Returns:
            How many sessions are gone.

        Raises:
            LookupError: There is no such variant.
        """
        if variant not in FAREWELLS:
            raise LookupError(f"no variant {variant!r}; there are {', '.join(FAREWELLS)}")
        ended = [session for session in self.sessions if client_id in (None, session.client_id)]
        for session in ended:
            self._state.sessions.remove(session, FAREWELLS[variant])
        return len(ended)

    def busy(self, n: int = 1) -> None:
        """Turn the next handshakes, connects and subscribes down: the server is too busy.

        The replies say so in ``ext.sfdc.failureReason`` alone; their ``error`` misleads.
        """
        self._state.busy = n

    def fail_next(self, kind: str, n: int = 1, **where: Any) -> None:
        """Let something go wrong with the next requests.

        Args:
            kind: What, one of `fault_kinds`.
            n: How often.
            where: Which requests are meant: ``channel``, ``client_id``, ``with_events``, ``path``; and what the kind
                takes. With ``huge-ids`` it is the channel whose ids grow, see `jump`.

        Raises:
            LookupError: There is no such kind.
            TypeError: It does not take such a parameter.
        """
        if kind == "huge-ids":
            self.jump(**where)
        else:
            self._faults.plan(kind, n, **where)

    def calm(self) -> None:
        """Let nothing more go wrong: no planned faults, no limit reached on purpose, no busy server."""
        self._faults.clear()
        self._state.busy = 0
        for quota in Quota:
            self._state.quotas.switch(quota, on=False)

    def cut_connections(self) -> None:
        """Cut every connection that is open; the events of connects that were held come with the next."""
        self._faults.cut()

    def quota(self, name: str, on: bool = True) -> None:
        """Let a limit be reached, or not any more.

        Args:
            name: ``clients``, ``delivered``, ``topic`` or ``server-connections``.
            on: Whether it is reached.

        Raises:
            ValueError: There is no such limit.
        """
        self._state.quotas.switch(Quota(name), on=on)
        if on and name == Quota.DELIVERED:
            self._state.wake()

    def advance(self, seconds: float) -> None:
        """Let so much of the org's time pass: cookies and tokens expire, sessions end, what is old is purged.

        Raises:
            ValueError: It would go back.
        """
        self._state.clock.advance(seconds)
        self._state.wake_overdue()

    def purge(self, channel: str, before: int | None = None) -> int:
        """Keep nothing of a channel before this replay id, or nothing at all.

        Returns:
            How many events are gone.

        Raises:
            LookupError: Nobody has defined the channel.
        """
        return self._state.bus.log(channel).purge_before(before)

    def forget(self, channel: str, replay_id: int) -> bool:
        """Delete one event.

        Returns:
            Whether it was there.

        Raises:
            LookupError: Nobody has defined the channel.
        """
        return self._state.bus.log(channel).forget(replay_id)

    def jump(self, channel: str | None = None, distance: int = 2**53) -> None:
        """Let the replay ids of what comes next be so much higher; by default more than a double can count.

        Args:
            channel: The channel, or None for all.
            distance: How much.

        Raises:
            LookupError: Nobody has defined the channel.
        """
        for name in self._state.bus.definitions if channel is None else (channel,):
            self._state.bus.log(name).jump(distance)

    def migrate(
        self, *, move: bool = False, collide: bool = True, revoke: bool | None = None
    ) -> dict[str, dict[int, int]]:
        """Move to another instance: sessions end, and replay ids are given anew.

        Args:
            move: The ``instance_url`` changes too; under the old name logins alone go on.
            collide: An old id is likely to be another event's; otherwise none is valid.
            revoke: Tokens end; None means if the org moves.

        Returns:
            By channel, the new id for each old one.
        """
        renumbered = self._state.bus.renumber(collide=collide)
        if revoke or (revoke is None and move):
            self._state.tokens.revoke()
        if move:
            self._hosts.move()
        self.kill_sessions()
        self._state.balancer.rebalance()
        return renumbered
