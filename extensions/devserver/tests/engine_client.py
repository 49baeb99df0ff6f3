"""Helpers: a clock that stands still, a client that calls an engine directly, and asynchronous tests."""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from pybayeux_devserver.options import Options
from pybayeux_devserver.protocol.engine import Engine
from pybayeux_devserver.protocol.exchange import Caller, Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ("Clock", "EngineClient", "eventually", "in_loop")

P = ParamSpec("P")
Json = dict[str, Any]


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Runs an asynchronous test in its own event loop."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def eventually(condition: Callable[[], object]) -> None:
    """Lets the loop run until a condition is true that has no event."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_500_000_000.25

    def __call__(self) -> float:
        return self.now


class EngineClient:
    """A client that calls an engine directly. `join` creates its session."""

    def __init__(self, engine: Engine | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.engine = engine or Engine(Options(**options), clock=self.clock)
        self.caller = Caller()
        self.client_id = ""

    def begin(self, *messages: Json) -> Exchange:
        """Sends messages without finishing the exchange."""
        return self.engine.receive(messages, self.caller)

    def send(self, *messages: Json) -> list[Json]:
        """Sends messages and finishes the exchange at once, even if it has a connect that would be held."""
        return self.engine.finish(self.begin(*messages)).messages

    def ask(self, channel: str, **members: Any) -> Json:
        """Sends one message of the session and returns the reply to it."""
        replies = self.send(self.message(channel, **members))
        return next(reply for reply in replies if reply.get("channel") == channel and "successful" in reply)

    def message(self, channel: str, **members: Any) -> Json:
        return {"channel": channel, "clientId": self.client_id, **members}

    def handshake(self, **members: Any) -> Json:
        asked = {"version": "1.0", "supportedConnectionTypes": ["long-polling"], **members}
        exchange = self.begin({"channel": "/meta/handshake", **asked})
        reply = self.engine.finish(exchange).messages[0]
        self.client_id = reply.get("clientId", "")
        self.caller = Caller(self.caller.token, exchange.cookie)
        return reply

    def join(self, *channels: str, ext: Json | None = None) -> EngineClient:
        """Handshakes, connects once and subscribes."""
        self.handshake(ext=ext)
        self.connect()
        if channels:
            self.ask("/meta/subscribe", subscription=list(channels))
        return self

    def connect(self, **members: Any) -> list[Json]:
        return self.send(self.connect_message(**members))

    def connect_message(self, **members: Any) -> Json:
        return self.message("/meta/connect", connectionType="long-polling", **members)

    def events(self, **members: Any) -> list[Any]:
        """The data of the events in the reply to a connect."""
        return [message["data"] for message in self.connect(**members) if "data" in message]
