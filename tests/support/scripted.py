"""`ScriptedServer`: a small Bayeux server that does what is right until a test tells it what to do wrong.

Owns its sessions, their subscriptions and what waits for them. A request that is spoiled does nothing and takes
nothing: what waits for a session goes on waiting, so a client that comes again loses nothing. An answer that is altered
is what came of a request that was done.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from pybayeux import Channel
from tests.support.http_stub import Answer, Asked, HttpStub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

__all__ = ("Json", "Script", "ScriptedServer", "replies")

Json: TypeAlias = dict[str, Any]

Script: TypeAlias = "Callable[[list[Json]], Answer]"
"""Makes an answer: to a request with these messages, or of an answer with these."""


def replies(*messages: Json | Any) -> Answer:
    """An ordinary answer with these messages."""
    return Answer(json.dumps(messages).encode())


@dataclass
class _Session:
    """A session, and the events that wait for it."""

    id: str
    subscriptions: list[str] = field(default_factory=list)
    waiting: deque[Json] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, event: Json) -> None:
        self.waiting.append(event)
        self.news.set()

    def drain(self) -> list[Json]:
        events = list(self.waiting)
        self.waiting.clear()
        self.news.clear()
        return events


class ScriptedServer:
    """A Bayeux server to be entered with ``async with``.

    Attributes:
        asked: Every batch of messages that was received.
        headers: The headers of every request.
        refused: Channels whose subscriptions are refused, with the error to say so.
        advice: The advice of every handshake and connect.
        client_ids: What the sessions are called, one after the other.
    """

    def __init__(self) -> None:
        self.asked: Final[list[list[Json]]] = []
        self.headers: Final[list[dict[str, str]]] = []
        self.refused: Final[dict[str, str]] = {}
        self.advice: Json = {"reconnect": "retry", "interval": 0, "timeout": 30_000}
        self.client_ids: Iterator[str] = (f"client-id-{number}" for number in count(1))
        self._spoils: Final[defaultdict[str, deque[Script]]] = defaultdict(deque)
        self._alterations: Final[defaultdict[str, deque[Script]]] = defaultdict(deque)
        self._silent: Final[set[str]] = set()
        self._sessions: Final[dict[str, _Session]] = {}
        self._news = asyncio.Event()
        self._http: Final = HttpStub(self._answer)

    @property
    def url(self) -> str:
        """Where clients find the server."""
        return f"http://127.0.0.1:{self._http.port}/bayeux"

    @property
    def subscriptions(self) -> list[str]:
        """The channels of all sessions, in the order of their subscription."""
        return [channel for session in self._sessions.values() for channel in session.subscriptions]

    @property
    def sessions(self) -> list[str]:
        """The client ids of all sessions."""
        return list(self._sessions)

    # -- what a test does

    def spoil(self, channel: str, *scripts: Script) -> None:
        """Answer the next requests that hold a message to `channel` with what these make of it, and do nothing."""
        self._spoils[channel].extend(scripts)

    def alter(self, channel: str, *scripts: Script) -> None:
        """Do what the next requests ask for, and answer with what these make of the right answer."""
        self._alterations[channel].extend(scripts)

    def silence(self, *channels: str) -> None:
        """Answer no request that holds a message to one of these."""
        self._silent.update(channels)

    def publish(self, channel: str, *data: Any) -> None:
        """Let events wait for every session that has subscribed to their channel."""
        for session in self._sessions.values():
            if any(Channel(subscribed).match(channel) for subscribed in session.subscriptions):
                for each in data:
                    session.put({"channel": channel, "data": each})

    def forget(self) -> None:
        """Know no session any more; connects that are held are answered."""
        for session in self._sessions.values():
            session.news.set()
        self._sessions.clear()

    async def sever(self) -> None:
        """End all connections."""
        await self._http.sever()

    def messages(self, channel: str) -> list[Json]:
        """The messages received on one channel."""
        return [message for batch in self.asked for message in batch if message["channel"] == channel]

    async def received(self, channel: str, number: int = 1) -> list[Json]:
        """Wait until so many messages have come on a channel; returns all of them."""
        await self.until(lambda: len(self.messages(channel)) >= number)
        return self.messages(channel)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what the server was asked, or did, makes a condition true."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    # -- what the server does

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def _answer(self, asked: Asked) -> Answer:
        batch: list[Json] = json.loads(asked.body)
        self.asked.append(batch)
        self.headers.append(asked.headers)
        self._news.set()
        if any(message["channel"] in self._silent for message in batch):
            await asyncio.Event().wait()
        if (spoil := _next(self._spoils, batch)) is not None:
            return spoil(batch)
        answer = [reply for message in batch for reply in await self._replies(message)]
        self._news.set()
        alter = _next(self._alterations, batch)
        return replies(*answer) if alter is None else alter(answer)

    async def _replies(self, message: Json) -> list[Json]:
        reply: Json = {"channel": message["channel"], "id": message["id"], "successful": True}
        if message["channel"] == Channel.META_HANDSHAKE:
            return [reply | self._handshake()]
        session = self._sessions.get(message["clientId"])
        if session is None:
            lost = {"successful": False, "error": "402::session_unknown", "advice": {"reconnect": "handshake"}}
            return [reply | lost]
        match message["channel"]:
            case Channel.META_CONNECT:
                return await self._connect(session, message, reply)
            case Channel.META_SUBSCRIBE | Channel.META_UNSUBSCRIBE:
                return [reply | {"subscription": message["subscription"]} | self._subscribe(session, message)]
            case Channel.META_DISCONNECT:
                self._sessions.pop(session.id).news.set()
            case channel:
                self.publish(channel, message["data"])
        return [reply]

    def _handshake(self) -> Json:
        session = _Session(next(self.client_ids))
        self._sessions[session.id] = session
        types = ["long-polling"]
        return {"version": "1.0", "supportedConnectionTypes": types, "clientId": session.id, "advice": self.advice}

    async def _connect(self, session: _Session, message: Json, reply: Json) -> list[Json]:
        if message.get("advice", {}).get("timeout") != 0 and not session.waiting:
            session.news.clear()
            await session.news.wait()
        return [*session.drain(), reply | {"advice": self.advice}]

    def _subscribe(self, session: _Session, message: Json) -> Json:
        channel = message["subscription"]
        if message["channel"] == Channel.META_UNSUBSCRIBE:
            session.subscriptions = [each for each in session.subscriptions if each != channel]
        elif channel in self.refused:
            return {"successful": False, "error": self.refused[channel]}
        else:
            session.subscriptions.append(channel)
        return {}


def _next(scripts: dict[str, deque[Script]], batch: list[Json]) -> Script | None:
    """The script whose turn it is with a message to one of these channels."""
    waiting = [scripts[message["channel"]] for message in batch if scripts[message["channel"]]]
    return waiting[0].popleft() if waiting else None
