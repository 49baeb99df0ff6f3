"""A script played: an emulated org, a consumer that is killed and started again, and what they came to.

Owns the order of things. Nothing is asserted here: `verdict.py` judges.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pybayeux_devserver.salesforce import SalesforceEmulator
from pybayeux_devserver.salesforce.options import Strictness

from .journal import read_journal
from .script import CHANNELS, CRASH, FAULT, PUBLISH
from .settings import Settings
from .verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .journal import Entry
    from .process import Consumer
    from .script import Script, Step
    from .verdict import Verdict

__all__ = ("Outcome", "play")

SCALE: Final = 50.0
"""The org's seconds in one of ours: a connect is held for 2.2, a session lives 0.8 without one."""

_PATIENCE: Final = 20.0
"""Seconds for what is missing at the end of a script, with all faults over."""

_READY: Final = 20.0
"""Seconds that the first process may take to subscribe."""

_GLANCE: Final = 0.05
_AFTERMATH: Final = 0.15
"""Seconds in which what was handled may come again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a script came to.

    Attributes:
        script: The script.
        verdict: The judgement.
        logins: How often the consumer logged in.
        runs: How many processes there were.
        died: Why processes ended by themselves, one each.
        seconds: How long it took.
        late: Seconds from the end of the faults until everything was handled.
    """

    script: Script
    verdict: Verdict
    logins: int
    runs: int
    died: tuple[str, ...]
    seconds: float
    late: float

    @property
    def is_good(self) -> bool:
        """Whether every promise was kept and no process ended by itself."""
        return self.verdict.is_good and not self.died

    def __str__(self) -> str:
        if self.is_good:
            return f"script {self.script.name}: good, {self.verdict.handled} of {self.verdict.published} handled"
        found = [f"{name}: {', '.join(marks)}" for name, marks in self.verdict.problems.items()]
        died = [f"the consumer ended by itself: {why}" for why in self.died]
        return "\n".join([f"script {self.script.name} failed: {'; '.join(found + died)}", str(self.script)])


async def play(
    script: Script,
    consumer: Consumer,
    folder: Path,
    *,
    patience: float = _PATIENCE,
    scale: float = SCALE,
    supervised: bool = False,
) -> Outcome:
    """Play a script.

    Args:
        script: What happens.
        consumer: To whom.
        folder: Where it keeps its files; it exists.
        patience: Seconds to wait at the end for what is not handled yet.
        scale: The org's seconds in one of ours.
        supervised: Whether a consumer that ends by itself is started again.
    """
    async with SalesforceEmulator(time_scale=scale, **script.org) as org:
        stage = _Stage(org, script, consumer, folder, scale=scale, supervised=supervised)
        supervision = asyncio.create_task(stage.supervise()) if supervised else None
        try:
            return await stage.play(patience)
        finally:
            if supervision is not None:
                supervision.cancel()
            await consumer.kill()


class _Stage:
    def __init__(
        self,
        org: SalesforceEmulator,
        script: Script,
        consumer: Consumer,
        folder: Path,
        *,
        scale: float,
        supervised: bool,
    ) -> None:
        self._org: Final = org
        self._scale: Final = scale
        self._supervised: Final = supervised
        self._died: Final[list[str]] = []
        self._turn: Final = asyncio.Lock()
        self._script: Final = script
        self._consumer: Final = consumer
        self._journal: Final = folder / "handled.jsonl"
        self._store: Final = folder / "positions.db"
        self._published: Final[dict[str, list[str]]] = {channel: [] for channel in CHANNELS}
        self._unavailable: Final[set[str]] = set()
        self._unknowable: Final[set[str]] = set()
        self._runs = 0
        self._has_moved = False
        self._actions: Final[Mapping[str, Callable[..., Any]]] = {
            PUBLISH: self._publish,
            CRASH: self._crash,
            FAULT: lambda kind, n=1, **where: org.fail_next(kind, n, **where),
            "rebalance": org.rebalance,
            "revoke": org.revoke,
            "expire": org.expire,
            "kill_sessions": org.kill_sessions,
            "busy": org.busy,
            "quota": self._quota,
            "migrate": self._migrate,
            "purge": self._purge,
            "advance": org.advance,
        }

    async def play(self, patience: float) -> Outcome:
        for channel in CHANNELS:
            self._org.define(channel)
        await self._start()
        await self._subscribed()
        began = time.monotonic()
        for step in self._script.steps:
            await asyncio.sleep(began + step.at - time.monotonic())
            await self._perform(step)
        ended = time.monotonic()
        self._org.calm()
        await self._all_handled(patience)
        late = time.monotonic() - ended
        await asyncio.sleep(_AFTERMATH)
        if self._consumer.died:
            self._died.append(self._consumer.died)
        await self._consumer.kill()
        return Outcome(
            script=self._script,
            verdict=self._judge(),
            logins=self._org.logins,
            runs=self._runs,
            died=tuple(self._died),
            seconds=time.monotonic() - began,
            late=late,
        )

    async def _subscribed(self) -> None:
        """Wait for the first process to be where the script begins: everything is to happen to somebody."""
        for _ in range(int(_READY / _GLANCE)):
            if any(len(session.subscriptions) == len(CHANNELS) for session in self._org.sessions) or self._ended:
                break
            await asyncio.sleep(_GLANCE)

    @property
    def _ended(self) -> bool:
        return bool(self._consumer.died) and not self._supervised

    def _judge(self) -> Verdict:
        handled = self._handled()
        known = {
            channel: [mark for mark in marks if mark not in self._unknowable or mark in handled]
            for channel, marks in self._published.items()
        }
        return judge(known, self._entries(), self._unavailable)

    def _entries(self) -> list[Entry]:
        return read_journal(self._journal)

    def _handled(self) -> set[str]:
        return {entry.mark for entry in self._entries() if entry.kind == "event"}

    async def _all_handled(self, patience: float) -> None:
        due = {mark for marks in self._published.values() for mark in marks} - self._unavailable - self._unknowable
        for _ in range(int(patience / _GLANCE)):  # the journal is another process's: it has to be looked at
            if due <= self._handled() or self._ended:
                break
            await asyncio.sleep(_GLANCE)

    async def _perform(self, step: Step) -> None:
        done = self._actions[step.action](**step.arguments)
        if asyncio.iscoroutine(done):
            await done

    # -- what is more than a word of the emulator's

    async def supervise(self) -> None:
        """Start a consumer again that has ended by itself."""
        while True:
            await asyncio.sleep(_GLANCE)
            async with self._turn:
                if self._consumer.died:
                    self._died.append(self._consumer.died)
                    await self._consumer.kill()
                    await self._start()

    async def _start(self) -> None:
        self._runs += 1
        await self._consumer.start(self._settings())

    def _settings(self) -> Settings:
        credentials = self._org.credentials
        return Settings(
            url=self._org.url,
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            username=credentials.username,
            password=credentials.password + credentials.security_token,
            channels=CHANNELS,
            since=self._script.since,
            journal=str(self._journal),
            store=str(self._store),
            run=self._runs,
            scale=self._scale,
        )

    async def _publish(self, channel: str, count: int) -> None:
        marks = self._published[channel]
        for _ in range(count):
            mark = f"{channel[1:].partition('/')[0]}-{len(marks) + 1}"
            marks.append(mark)
            if channel == "/data/AccountChangeEvent":
                await self._org.publish_change("Account", "UPDATE", ["001000000000001AAA"], {"Mark__c": mark})
            else:
                await self._org.publish(channel, {"Mark__c": mark})

    async def _crash(self, pause: float) -> None:
        async with self._turn:
            await self._consumer.kill()
            await asyncio.sleep(pause)
            await self._start()

    def _quota(self, kind: str, seconds: float) -> None:
        self._org.quota(kind, on=True)
        asyncio.get_running_loop().call_later(seconds, lambda: self._org.quota(kind, on=False))

    def _migrate(self, **how: Any) -> None:
        """The org moves. Where it comes back to a name that it had, an old id is none of another event's.

        Under the same name the same id would be good, and no client could know.
        """
        self._org.migrate(**how | ({"collide": False} if self._has_moved else {}))
        self._has_moved |= how.get("move", False)

    def _purge(self, channel: str) -> None:
        """The server gives up all that it keeps of a channel.

        Whoever has a position of it can know, and has to tell. Whoever has none cannot, nor where the server takes any
        id in a range, those of events that are gone included.
        """
        self._org.purge(channel)
        handled = self._handled()
        left = [mark for mark in self._published[channel] if mark not in handled]
        can_know = self._has_position(channel) and self._org.options.unknown_ids is Strictness.STRICT
        (self._unavailable if can_know else self._unknowable).update(left)

    def _has_position(self, channel: str) -> bool:
        return any(entry.kind == "position" and entry.channel == channel for entry in self._entries())
