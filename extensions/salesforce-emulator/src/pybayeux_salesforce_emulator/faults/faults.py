"""Faults on demand: which of them strikes which request.

Owns the plan. What each of them does is in `kinds.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux_devserver.toolkit import Plan, take_fault

from .kinds import FAULT_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_devserver.toolkit import Json, Sockets

    from .kinds import Fault

__all__ = ("OrgFaults",)

_STREAMING: Final = "/cometd"


class OrgFaults:
    """What goes wrong next.

    Args:
        sockets: The connections that can be cut.
    """

    def __init__(self, sockets: Sockets) -> None:
        self._sockets: Final = sockets
        self._plans: Final[list[tuple[str, Plan[Fault]]]] = []

    def plan(
        self,
        kind: str,
        n: int = 1,
        *,
        channel: str | None = None,
        client_id: str | None = None,
        with_events: bool = False,
        path: str = _STREAMING,
        **parameters: Any,
    ) -> None:
        """Let something go wrong with the next requests that are meant.

        Args:
            kind: What; one of `FAULT_KINDS`.
            n: How often.
            channel: Only requests with a message to this channel, such as ``/meta/connect``.
            client_id: Only requests of this session.
            with_events: Only replies with events; where the request is not handled, this means nothing.
            path: Only requests to paths that begin so.
            parameters: What the kind takes.

        Raises:
            LookupError: There is no such kind.
            TypeError: It does not take such a parameter.
        """
        try:
            make = FAULT_KINDS[kind]
        except KeyError:
            raise LookupError(f"no fault {kind!r}; there are {', '.join(FAULT_KINDS)}") from None
        fault = make(kind, self._sockets, **parameters)

        def meant(asked: Sequence[Json], answered: Sequence[Json]) -> bool:
            ours = client_id is None or any(message.get("clientId") == client_id for message in asked)
            return ours and (fault.replaces_request or fault.applies_to(answered))

        self._plans.append((path, Plan(n, fault, channel, with_events and not fault.replaces_request, meant)))

    def cut(self) -> None:
        """Cut every connection that is open now."""
        self._sockets.cut_all()

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._plans.clear()

    def for_request(self, path: str, asked: Sequence[Json]) -> Fault | None:
        """What a request gets in place of being handled, or None."""
        return take_fault(self._meant(path, replaces_request=True), asked)

    def for_reply(self, path: str, asked: Sequence[Json], answered: Sequence[Json]) -> Fault | None:
        """What becomes of the reply to a request, or None."""
        return take_fault(self._meant(path, replaces_request=False), asked, answered)

    def _meant(self, path: str, *, replaces_request: bool) -> list[Plan[Fault]]:
        return [
            plan
            for prefix, plan in self._plans
            if path.startswith(prefix) and plan.fault.replaces_request is replaces_request
        ]
