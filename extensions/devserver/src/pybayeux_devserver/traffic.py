"""The messages that pass, in both directions and in order, for those who watch a server.

Owns the most recent ones, their numbers, and waiting for the next. It does not know who watches, nor how.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .options import Json

__all__ = ("Passage", "Traffic", "client_of")

_KEPT: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Messages that arrived together, or were sent together.

    Attributes:
        number: Counts all passages of the server, from 1.
        time: When, in seconds since the epoch.
        direction: ``received`` from a client, or ``sent`` to one.
        transport: The connection type, by its name in the protocol.
        client_id: The session, or None where there is none.
        status: The HTTP status of an answer; None of a request and of pushed events.
        fault: What happened to them on the way, such as ``lost``; None if they went as they should.
        messages: The messages. A WebSocket upgrade has none.
    """

    number: int
    time: float
    direction: Literal["received", "sent"]
    transport: str
    client_id: str | None = None
    status: int | None = None
    fault: str | None = None
    messages: Sequence[Json] = ()


class Traffic:
    """The most recent passages, the oldest first.

    Args:
        kept: How many passages to keep.

    Attributes:
        run: Tells the numbers of this server from those of another one on the same port.
        last: The number of the last passage, 0 before the first.
    """

    def __init__(self, *, kept: int = _KEPT) -> None:
        self.run: Final = secrets.token_hex(4)
        self._passages: Final[deque[Passage]] = deque(maxlen=kept)
        self.last: int = 0
        self._arrival = asyncio.Event()

    def add(
        self,
        direction: Literal["received", "sent"],
        transport: str,
        messages: Sequence[Json],
        *,
        time: float,
        client_id: str | None = None,
        status: int | None = None,
        fault: str | None = None,
    ) -> None:
        """Keep a passage. The arguments are those of `Passage`; without `client_id`, the messages may name one."""
        self.last += 1
        self._passages.append(
            Passage(
                number=self.last,
                time=time,
                direction=direction,
                transport=transport,
                client_id=client_id or client_of(messages),
                status=status,
                fault=fault,
                messages=messages,
            )
        )
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()

    def after(self, number: int) -> list[Passage]:
        """The kept passages with a higher number."""
        return [passage for passage in self._passages if passage.number > number]

    def clear(self) -> None:
        """Forget the passages so far. The numbers go on."""
        self._passages.clear()

    async def wait_after(self, number: int) -> None:
        """Wait until there is a passage with a higher number."""
        while self.last <= number:
            await self._arrival.wait()


def client_of(messages: Sequence[Json]) -> str | None:
    """The session that messages name. Events name none."""
    return next((each["clientId"] for each in messages if isinstance(each.get("clientId"), str)), None)
