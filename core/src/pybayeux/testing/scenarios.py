"""The sessions that the contract runs with every extension, and their transcripts.

One without faults, one with many, one with two starts of a client, and one with the low-level client. They check
nothing: they record what happens, and the checks compare the transcripts.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import defaultdict
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..bayeux import BayeuxClient
from ..codec import encode
from ..errors import BayeuxError, ExtensionHookError, SessionEndedError
from ..message import Advice
from .factory import name_of
from .harness import Harness
from .interference import DISTURBED_CHANNEL
from .server import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence

    from ..message import Message
    from .factory import ExtensionFactory
    from .server import Order

__all__ = ("LAST_EVENT", "Transcript", "low_level_session", "ordinary_session", "session_with_faults", "two_starts")

_COUNTED: Final = re.compile(r" \(\d+ times (?:by now|in all)\)$")
"""What the log says of an error that came before."""

_ORDERS: Final = "/contract/orders"
_SAFE: Final = "/contract/**"
LAST_EVENT: Final = "the last event"
"""The data of the last event of a session: it arrives if the connection still works."""


@dataclass(slots=True)
class Transcript:
    """The record of a session.

    Attributes:
        sent: The messages that were sent, by channel, as JSON without ids: exchanges may overtake each other.
        delivered: The data of the events that were handled.
        delivered_on: The same by channel.
        outcomes: The outcome of each call: ``done``, or the name of an error.
        faults: The errors that the extension's own hooks raised.
        tasks: The names of the tasks that still ran after the end.
        texts: Everything that was logged or reported, and the extension's own `repr`.
    """

    sent: dict[str, list[Any]] = field(default_factory=dict)
    delivered: list[Any] = field(default_factory=list)
    delivered_on: dict[str, list[Any]] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class _Writer:
    """Writes the transcript of a session."""

    def __init__(self, extension: object) -> None:
        self.transcript: Final = Transcript()
        self._name: Final = name_of(extension)
        self._extension: Final = extension
        self._tasks: Final = asyncio.all_tasks()

    async def outcome(self, work: Awaitable[object]) -> None:
        """Record the outcome of a call; a refusal does not end the session."""
        try:
            await work
        except BayeuxError as error:
            self.raised(error)
            self.transcript.outcomes.append(type(error).__name__)
        else:
            self.transcript.outcomes.append("done")

    def raised(self, error: BaseException | None) -> None:
        """Record an error that was raised, with its causes."""
        while error is not None:
            self.transcript.texts.append(f"{error} {error!r}")
            self.reported(error)
            error = error.__cause__

    def reported(self, error: BaseException) -> None:
        """Record an error; it is a fault if it comes from a hook of the extension."""
        if isinstance(error, ExtensionHookError) and error.extension == self._name:
            self._fault(str(error))

    def logged(self, text: str) -> None:
        """Record a line of the log. Some faults of hooks are only logged."""
        self.transcript.texts.append(text)
        for line in text.splitlines():
            at = line.find(f"extension {self._name!r} failed in ")
            if at >= 0:
                self._fault(line[at:])

    def _fault(self, text: str) -> None:
        text = _COUNTED.sub("", text)
        if text not in self.transcript.faults:
            self.transcript.faults.append(text)

    async def end(self, sent: Sequence[Message]) -> None:
        """Complete the transcript: the session is over."""
        by_channel = defaultdict(list)
        for each in json.loads(encode(sent)):
            by_channel[each["channel"]].append({name: value for name, value in each.items() if name != "id"})
        self.transcript.sent = dict(by_channel)
        self.transcript.texts += [repr(self._extension), str(self._extension)]
        left = asyncio.all_tasks() - self._tasks
        self.transcript.tasks = sorted(task.get_name() for task in left)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)


@asynccontextmanager
async def _recorded(harness: Harness) -> AsyncIterator[_Writer]:
    """Write the transcript of what a harness's client does within this block.

    A mistake of the extension that ends the start of the client ends the block, and is a fault in the transcript.
    """
    writer = _Writer(harness.extension)
    with _logged() as lines:
        try:
            yield writer
            await harness.idle()
        except SessionEndedError as ended:
            writer.raised(ended)
            if not writer.transcript.faults:
                raise
    for error in harness.failures:
        writer.reported(error)
        writer.transcript.texts.append(f"{error} {error!r}")
    for line in lines:
        writer.logged(line)
    writer.transcript.delivered = list(harness.delivered)
    writer.transcript.delivered_on = dict(harness.delivered_on)
    await writer.end(harness.sent)


async def ordinary_session(factory: ExtensionFactory, order: Order, others: Sequence[object] = ()) -> Transcript:
    """A session without faults, except those that other extensions cause on their own channel."""
    harness = Harness(factory.new(), order=order, ext=factory.ext, others=others)
    async with _recorded(harness) as writer, harness:
        await writer.outcome(harness.subscribe(_ORDERS))
        await writer.outcome(harness.subscribe(_SAFE))
        harness.server.push(_ORDERS, {"number": 1}, "text", None, [1.5, True])
        await harness.idle()
        await writer.outcome(harness.client.publish(_ORDERS, {"number": 2}, timeout=60))
        await writer.outcome(harness.client.publish(DISTURBED_CHANNEL, {"number": 3}, timeout=60))
        harness.server.push(DISTURBED_CHANNEL, "trouble")
        await harness.idle()
        async with harness.client.batch() as batch:
            batch.publish(_ORDERS, {"number": 4})
            batch.publish("/contract/other", "text")
        await harness.idle()
        harness.server.forget()
        await harness.clock.advance(60)
        harness.server.push("/contract/other", LAST_EVENT)
        await harness.idle()
        await writer.outcome(harness.client.unsubscribe(_ORDERS))
        await writer.outcome(harness.client.unsubscribe(_SAFE))
    return writer.transcript


async def session_with_faults(factory: ExtensionFactory, order: Order) -> Transcript:
    """A session with refusals, broken exchanges and lost sessions, after which everything works again."""
    harness = Harness(factory.new(), order=order, ext=factory.ext)
    server, client, clock = harness.server, harness.client, harness.clock
    server.refuse_next("/meta/handshake", "500::busy", advice=Advice(reconnect="retry", interval=0))
    async with _recorded(harness) as writer, harness:
        await writer.outcome(harness.subscribe(_SAFE))
        server.refuse_next("/meta/subscribe", "403::denied")
        await writer.outcome(harness.subscribe("/refused"))
        server.refuse_next(_ORDERS, "403::denied")
        await writer.outcome(client.publish(_ORDERS, 1, timeout=60))
        server.fail()
        await clock.advance(60)
        server.fail(lost="reply")
        server.push(_ORDERS, "lost with its answer")
        await clock.advance(60)
        server.fail(lost="reply")
        await writer.outcome(client.publish(_ORDERS, 2, timeout=60))
        await clock.advance(60)
        server.refuse_next("/meta/connect", "402::session_unknown")
        await clock.advance(60)
        server.refuse_next("/meta/connect", "500::broken", advice=Advice(reconnect="retry", interval=0))
        await clock.advance(60)
        server.forget()
        await clock.advance(60)
        client.rehandshake("the contract asks for it")
        await clock.advance(60)
        await writer.outcome(client.wait_for("connected", timeout=300))
        server.push(_ORDERS, LAST_EVENT)
        await harness.idle()
        server.fail()  # the end of the subscriptions is lost too
    return writer.transcript


async def two_starts(factory: ExtensionFactory) -> Transcript:
    """Two sessions of the same client and instance; in each, the extension is removed and added again."""
    harness = Harness(factory.new(), ext=factory.ext)
    async with _recorded(harness) as writer:
        for _ in range(2):
            async with harness:
                await writer.outcome(harness.subscribe(_ORDERS))
                await harness.client.remove(harness.name)
                await writer.outcome(harness.client.publish(_ORDERS, "without it", timeout=60))
                await harness.client.use(harness.extension, harness.name)
                await writer.outcome(harness.client.publish(_ORDERS, "with it", timeout=60))
                harness.server.push(_ORDERS, LAST_EVENT)
                await harness.idle()
    return writer.transcript


async def low_level_session(factory: ExtensionFactory) -> Transcript:
    """A session of the client that sends one request per call."""
    extension, server = factory.new(), ScriptedServer(ext=factory.ext, hold=0)
    client = BayeuxClient("http://bayeux.test/cometd", extensions=[extension, server], discover=False)
    writer = _Writer(extension)
    with _logged() as lines:
        async with client:
            await writer.outcome(client.handshake())
            await writer.outcome(client.subscribe([_ORDERS]))
            server.push(_ORDERS, LAST_EVENT)
            await writer.outcome(client.connect())
            await writer.outcome(client.publish(_ORDERS, 1))
            server.refuse_next("/meta/unsubscribe", "403::denied")
            await writer.outcome(client.unsubscribe([_ORDERS]))
            server.fail()
            await writer.outcome(client.connect())
            await writer.outcome(client.disconnect())
    for line in lines:
        writer.logged(line)
    await writer.end(server.received)
    return writer.transcript


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Everything that is logged within this block, by any logger and at any level."""
    lines: list[str] = []
    handler, root = _Lines(lines), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines: Final = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))
