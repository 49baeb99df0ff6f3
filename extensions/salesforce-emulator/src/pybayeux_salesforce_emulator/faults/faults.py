"""The planned faults of an org: which of them happens to which request.

It does not know what a fault does: that is in `kinds.py`.
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
    """The planned faults of an org.

    Args:
        sockets: The open connections.
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
        """Let a fault happen to the next matching requests.

        Args:
            kind: One of `FAULT_KINDS`.
            n: How often.
            channel: Only requests with a message to this channel, such as ``/meta/connect``.
            client_id: Only requests of this session.
            with_events: Only replies with events. It has no effect if the fault replaces the request.
            path: Only requests to paths that begin with this.
            parameters: The parameters of the kind.

        Raises:
            LookupError: There is no such kind.
            TypeError: The kind has no such parameter.
        """
        try:
            make = FAULT_KINDS[kind]
        except KeyError:
            raise LookupError(f"kind: expected one of {', '.join(FAULT_KINDS)}; got {kind!r}") from None
        fault = make(kind, self._sockets, **parameters)

        def matches(request: Sequence[Json], reply: Sequence[Json]) -> bool:
            same_client = client_id is None or any(message.get("clientId") == client_id for message in request)
            return same_client and (fault.replaces_request or fault.applies_to(reply))

        self._plans.append((path, Plan(n, fault, channel, with_events and not fault.replaces_request, matches)))

    def cut(self) -> None:
        """Cut every open connection."""
        self._sockets.cut_all()

    def clear(self) -> None:
        """Cancel all planned faults."""
        self._plans.clear()

    def for_request(self, path: str, request: Sequence[Json]) -> Fault | None:
        """The fault that happens to a request instead of handling it, or None."""
        return take_fault(self._matching(path, replaces_request=True), request)

    def for_reply(self, path: str, request: Sequence[Json], reply: Sequence[Json]) -> Fault | None:
        """The fault that happens to the reply of a request, or None."""
        return take_fault(self._matching(path, replaces_request=False), request, reply)

    def _matching(self, path: str, *, replaces_request: bool) -> list[Plan[Fault]]:
        return [
            plan
            for prefix, plan in self._plans
            if path.startswith(prefix) and plan.fault.replaces_request is replaces_request
        ]
