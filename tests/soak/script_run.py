"""One run of a script: an emulated org, a consumer that is killed and restarted, and the outcome.

Owns the order of the steps. It decides nothing about the outcome: that is in `delivery_report.py`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pybayeux_salesforce_emulator import SalesforceEmulator, Strictness
from tests.soak.delivery_report import evaluate
from tests.soak.journal import Entry, read_journal
from tests.soak.script import CHANNELS, CRASH, FAULT, OTHER_ORG, PUBLISH, REPLICA, RETIRE, TOPIC
from tests.soak.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.soak.consumer_process import Consumer
    from tests.soak.delivery_report import DeliveryReport
    from tests.soak.script import Script, Step

__all__ = ("Outcome", "run_script")

SCALE: Final = 50.0
"""How many times faster the org's clock runs: a connect is held for 2.2 s, a session lives for 0.8 s without one."""

_TIMEOUT: Final = 20.0
"""Seconds to wait for missing events at the end of a script, after all faults are cleared."""

_START_TIMEOUT: Final = 20.0
"""Seconds that the first process may take to subscribe."""

_OTHER_SEED: Final = 1_000_003
"""The seed of the second org, on which its id depends."""

_POLL_INTERVAL: Final = 0.05
_REPEAT_WINDOW: Final = 0.15
"""Seconds at the end in which events that are wrongly delivered again would arrive."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a script.

    Attributes:
        script: The script.
        report: What became of the events.
        logins: How often the consumer logged in.
        runs: How many processes there were.
        died: Why processes ended by themselves, one entry each.
        seconds: How long the script took.
        recovery: Seconds from the end of the faults until every event was handled.
    """

    script: Script
    report: DeliveryReport
    logins: int
    runs: int
    died: tuple[str, ...]
    seconds: float
    recovery: float

    @property
    def is_good(self) -> bool:
        """Whether the report has no problem, no gap is a false one, and no process ended by itself."""
        return self.report.is_good and not self.died and not self.false_gaps

    @property
    def false_gaps(self) -> int:
        """How many gaps were reported though nothing can be missing."""
        return 0 if self.script.gaps else self.report.gaps

    def __str__(self) -> str:
        if self.is_good:
            return f"script {self.script.name}: good, {self.report.handled} of {self.report.published} handled"
        found = [f"{name}: {', '.join(marks)}" for name, marks in self.report.problems.items()]
        found += [f"false gaps: {self.false_gaps}"] if self.false_gaps else []
        died = [f"the consumer ended by itself: {why}" for why in self.died]
        return "\n".join([f"script {self.script.name} failed: {'; '.join(found + died)}", str(self.script)])


async def run_script(
    script: Script,
    consumer: Consumer,
    folder: Path,
    *,
    timeout: float = _TIMEOUT,
    scale: float = SCALE,
    supervised: bool = False,
) -> Outcome:
    """Run a script.

    Args:
        script: What happens.
        consumer: The consumer.
        folder: An existing folder for the consumer's files.
        timeout: Seconds to wait at the end for events that are not handled yet.
        scale: How many times faster the org's clock runs.
        supervised: Whether a consumer that ends by itself is started again.
    """
    async with AsyncExitStack() as stack:
        orgs = [
            await stack.enter_async_context(SalesforceEmulator(time_scale=scale, **{**script.org, **seed}))
            for seed in ({}, {"seed": _OTHER_SEED})[: script.orgs]
        ]
        run = _ScriptRun(orgs, script, consumer, folder, scale=scale, supervised=supervised)
        supervision = asyncio.create_task(run.supervise()) if supervised else None
        try:
            return await run.run(timeout)
        finally:
            if supervision is not None:
                supervision.cancel()
            await run.kill()


class _ScriptRun:
    def __init__(
        self,
        orgs: Sequence[SalesforceEmulator],
        script: Script,
        consumer: Consumer,
        folder: Path,
        *,
        scale: float,
        supervised: bool,
    ) -> None:
        org = orgs[0]
        self._org: Final = org
        self._orgs: Final = deque(orgs)  # the one that the consumer is at comes first
        self._scale: Final = scale
        self._supervised: Final = supervised
        self._died: Final[list[str]] = []
        self._restarting: Final = asyncio.Lock()
        self._script: Final = script
        self._consumer = consumer
        self._replicas: Final[list[Consumer]] = []
        self._run_of: Final[dict[Consumer, int]] = {}
        self._awaited: Final[set[int]] = set()
        self._journal: Final = folder / "handled.jsonl"
        self._store: Final = folder / "positions.db"
        self._published: Final[dict[str, list[str]]] = {channel: [] for channel in CHANNELS}
        self._unavailable: Final[set[str]] = set()
        self._undetectable: Final[set[str]] = set()
        self._runs = 0
        self._actions: Final[Mapping[str, Callable[..., Any]]] = {
            PUBLISH: self._publish,
            CRASH: self._crash,
            OTHER_ORG: self._change_org,
            REPLICA: self._start_replica,
            RETIRE: self._retire,
            FAULT: lambda kind, n=1, **where: org.fail_next(kind, n, **where),
            "rebalance": org.rebalance,
            "revoke": org.revoke,
            "expire": org.expire,
            "kill_sessions": org.kill_sessions,
            "busy": org.busy,
            "quota": self._quota,
            "migrate": org.migrate,
            "purge": self._purge,
            "advance": org.advance,
            "backlog": org.backlog,
            "backlog_for": self._backlog,
        }

    async def run(self, timeout: float) -> Outcome:
        for org in self._orgs:
            for channel in CHANNELS:
                org.define(channel)
        await self._start()
        await self._subscribed()
        began = time.monotonic()
        for step in self._script.steps:
            await asyncio.sleep(began + step.at - time.monotonic())
            due = time.monotonic()
            await self._perform(step)
            if step.arguments.get("waits"):
                began += time.monotonic() - due  # a process starts slowly where many do
        ended = time.monotonic()
        self._org.clear_faults()
        await self._all_handled(timeout)
        recovery = time.monotonic() - ended
        await asyncio.sleep(_REPEAT_WINDOW)
        self._died.extend(each.died for each in self._processes if each.died and not self._gave_way(each))
        await self.kill()
        return Outcome(
            script=self._script,
            report=self._report(),
            logins=self._org.logins,
            runs=self._runs,
            died=tuple(self._died),
            seconds=time.monotonic() - began,
            recovery=recovery,
        )

    async def kill(self) -> None:
        """Kill all processes."""
        for each in self._processes:
            await each.kill()

    @property
    def _processes(self) -> list[Consumer]:
        return [self._consumer, *self._replicas]

    def _gave_way(self, consumer: Consumer) -> bool:
        """Whether a process ended because another one of its name was at work."""
        run = self._run_of.get(consumer)
        return any(entry.kind == "conflict" and entry.run == run for entry in self._entries())

    async def _subscribed(self, processes: int = 1) -> None:
        """Wait until so many processes have subscribed to every channel. The times of a script count from the first."""
        for _ in range(int(_START_TIMEOUT / _POLL_INTERVAL)):
            ready = sum(len(session.subscriptions) == len(CHANNELS) for session in self._org.sessions)
            if ready >= processes or self._ended:
                break
            await asyncio.sleep(_POLL_INTERVAL)

    @property
    def _ended(self) -> bool:
        return all(each.died for each in self._processes) and not self._supervised

    def _report(self) -> DeliveryReport:
        handled = self._handled()
        expected = {
            channel: [mark for mark in marks if mark not in self._undetectable or mark in handled]
            for channel, marks in self._published.items()
        }
        crashes = any(step.action in (CRASH, OTHER_ORG, RETIRE) for step in self._script.steps)
        once = self._script.exactly_once
        return evaluate(expected, self._entries(), self._unavailable, crashes=crashes, exactly_once=once)

    def _entries(self) -> list[Entry]:
        entries = read_journal(self._journal)
        return [*entries, *self._written()] if self._script.exactly_once else entries

    def _written(self) -> list[Entry]:
        """The events that were written in transactions."""
        if not self._store.exists():
            return []
        with closing(sqlite3.connect(self._store)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'handled'").fetchone():
                return []
            rows = database.execute("SELECT run, channel, mark FROM handled ORDER BY rowid").fetchall()
        return [Entry("event", channel, mark, run) for run, channel, mark in rows]

    def _handled(self) -> set[str]:
        return {entry.mark for entry in self._entries() if entry.kind == "event"}

    def _active(self) -> set[int]:
        """The processes that have handled an event, or have noticed another one of their name."""
        return {entry.run for entry in self._entries() if entry.kind in ("event", "conflict")}

    async def _all_handled(self, timeout: float) -> None:
        due = {mark for marks in self._published.values() for mark in marks} - self._unavailable - self._undetectable
        for _ in range(int(timeout / _POLL_INTERVAL)):  # another process writes the journal, so it has to be polled
            # A process that starts slowly may still have to tell of the gap.
            if due <= self._handled() and self._awaited <= self._active() and not self._report().undeclared:
                break
            if self._ended:
                if not all(self._gave_way(each) for each in self._processes):
                    break
                await self._start()  # each gave way to another one: one of them goes on
            await asyncio.sleep(_POLL_INTERVAL)

    async def _perform(self, step: Step) -> None:
        done = self._actions[step.action](**step.arguments)
        if asyncio.iscoroutine(done):
            await done

    # -- actions that are more than one method of the emulator

    async def supervise(self) -> None:
        """Restart a consumer that has ended by itself."""
        while True:
            await asyncio.sleep(_POLL_INTERVAL)
            async with self._restarting:
                if self._consumer.died:
                    self._died.append(self._consumer.died)
                    await self._consumer.kill()
                    await self._start()

    async def _start(self, consumer: Consumer | None = None) -> None:
        started = consumer or self._consumer
        self._runs += 1
        self._run_of[started] = self._runs
        await started.start(self._settings())

    async def _start_replica(self, waits: bool = False) -> None:
        replica = self._consumer.replica()
        self._replicas.append(replica)
        await self._start(replica)
        if waits:
            await self._subscribed(len(self._processes))
            self._awaited.add(self._runs)  # it gets the events that are published from now on

    async def _retire(self) -> None:
        await self._consumer.kill()
        self._consumer = self._replicas.pop(0)

    def _settings(self) -> Settings:
        org = self._orgs[0]
        credentials = org.credentials
        return Settings(
            url=org.url,
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            username=credentials.username,
            password=credentials.password + credentials.security_token,
            channels=tuple(f"{each}{self._script.topic_filter}" if each == TOPIC else each for each in CHANNELS),
            since=self._script.since,
            journal=str(self._journal),
            store=str(self._store),
            run=self._runs,
            scale=self._scale,
            retention=self._script.retention,
            exactly_once=self._script.exactly_once,
            clock_ahead=self._script.clock_ahead,
        )

    async def _publish(self, channel: str, count: int) -> None:
        org, marks = self._orgs[0], self._published[channel]
        for _ in range(count):
            mark = f"{channel[1:].partition('/')[0]}-{len(marks) + 1}"
            marks.append(mark)
            if channel == "/data/AccountChangeEvent":
                await org.publish_change("Account", "UPDATE", ["001000000000001AAA"], {"Mark__c": mark})
            else:
                await org.publish(channel, {"Mark__c": mark, "Stage": "Won"})

    async def _crash(self, pause: float) -> None:
        async with self._restarting:
            await self._consumer.kill()
            await asyncio.sleep(pause)
            await self._start()

    async def _change_org(self) -> None:
        await self._all_handled(_TIMEOUT)
        await asyncio.sleep(_REPEAT_WINDOW)  # positions are stored within it
        self._orgs.rotate()
        await self._crash(pause=0)

    def _quota(self, kind: str, seconds: float) -> None:
        self._org.quota(kind, on=True)
        asyncio.get_running_loop().call_later(seconds, lambda: self._org.quota(kind, on=False))

    def _backlog(self, channel: str | None, seconds: float) -> None:
        self._org.backlog(channel)
        asyncio.get_running_loop().call_later(seconds, lambda: self._org.backlog(channel, on=False))

    def _purge(self, channel: str) -> None:
        """Delete everything that the server keeps of a channel.

        A consumer with a stored position can detect this, and has to report a gap. A consumer without one cannot, nor
        can any consumer of an org that accepts every id within a range, also those of deleted events.
        """
        self._org.purge(channel)
        handled = self._handled()
        left = [mark for mark in self._published[channel] if mark not in handled]
        detectable = self._has_position(channel) and self._org.options.unknown_ids is Strictness.STRICT
        (self._unavailable if detectable else self._undetectable).update(left)

    def _has_position(self, channel: str) -> bool:
        return any(entry.kind == "position" and entry.channel == channel for entry in self._entries())
