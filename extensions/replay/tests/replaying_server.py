"""A scripted server with replay, for clients in virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from extensions.replay.tests.simulation import REFUSAL
from pybayeux import AsyncClient, Backoff, Channel, Message, hookimpl
from pybayeux.testing import ScriptedServer

if TYPE_CHECKING:
    from pybayeux import BayeuxError
    from pybayeux_replay import Replay

__all__ = ("Recorder", "ReplayingServer", "client_of")


class ReplayingServer(ScriptedServer):
    """Keeps events, and sends those after the place in a subscribe.

    Args:
        at_once: How many events travel with one answer.
        retention: How many events are kept.

    Attributes:
        asked: The places in all subscribes, in order, including refused ones.
    """

    def __init__(self, *, at_once: int = 100, retention: int = 10_000_000, **arguments: Any) -> None:
        super().__init__(ext={"replay": True}, **arguments)
        self.asked: Final[list[dict[str, int]]] = []
        self._at_once: Final = at_once
        self._retention: Final = retention
        self._log: list[Message] = []
        self._published = 0

    def move_here(self) -> None:
        """Serve clients of the running event loop from now on."""
        self._changed = asyncio.Event()  # type: ignore[misc]

    def publish(self, channel: str, *numbers: int, has_uuid: bool = False, transaction: str | None = None) -> None:
        """Publish events with these numbers; their replay ids are ten times their places in the log."""
        for number in numbers:
            self._published += 1
            data: dict[str, Any] = {"number": number, "event": {"replayId": self._published * 10}}
            if has_uuid:
                data["event"]["EventUuid"] = f"uuid-{self._published}"
            if transaction is not None:
                data["payload"] = {"ChangeEventHeader": {"transactionKey": transaction}}
            self._log.append(Message(channel=channel, data=data))
            self.push(channel, data)
        self._log = self._log[-self._retention :]

    def _done(self, message: Message, reply: Message) -> list[Message]:
        if message.channel == Channel.META_SUBSCRIBE:
            self.asked.append(dict((message.ext or {})["replay"]))
            if not self._is_kept(_place(message)):
                reply.successful, reply.error = False, REFUSAL % _place(message)
                return []
        events = super()._done(message, reply)
        session = self._sessions.get(message.client_id or "")
        if session is not None and message.channel == Channel.META_CONNECT:
            events, session.events = events[: self._at_once], events[self._at_once :] + session.events
        elif session is not None and message.channel == Channel.META_SUBSCRIBE:
            session.events += self._after(message)
            self._wake()
        return events

    def _is_kept(self, place: int) -> bool:
        return place < 0 or any(each.data["event"]["replayId"] == place for each in self._log)

    def _after(self, message: Message) -> list[Message]:
        place, pattern = _place(message), Channel(str(message.subscription))
        matching = [each for each in self._log if pattern.match(each.channel)]
        return [
            Message(channel=each.channel, data=each.data)
            for each in matching
            if place != -1 and each.data["event"]["replayId"] > place
        ]


def _place(message: Message) -> int:
    (place,) = (message.ext or {})["replay"].values()
    return int(place)


class Recorder:
    """Records delivered events and reported errors."""

    def __init__(self) -> None:
        self.delivered_numbers: Final[list[int]] = []
        self.failures: Final[list[BayeuxError]] = []

    @hookimpl
    def delivered(self, message: Message) -> None:
        self.delivered_numbers.append(message.data["number"])

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.failures.append(error)


def client_of(server: ReplayingServer, replay: Replay, *neighbours: object, **arguments: Any) -> AsyncClient:
    """Return a client of the server, with replay and these other extensions."""
    return AsyncClient(
        "http://bayeux.test/cometd",
        discover=False,
        extensions=[replay, *neighbours, server],
        backoff=Backoff(jitter=0),
        **arguments,
    )
