"""Runs one script: the org, the consumer, the steps, and the verdict."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.soak.backfill.consumer import CHANNEL, FillSettings, main
from tests.soak.backfill.verdict import judge, last_versions
from tests.soak.consumer_process import ForkedConsumer
from tests.soak.journal import read_journal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.soak.backfill.script import FillScript, FillStep
    from tests.soak.backfill.verdict import Verdict
    from tests.soak.journal import Entry

__all__ = ("FillOutcome", "run_script")

SCALE: Final = 50.0
_TIMEOUT: Final = 20.0
_POLL: Final = 0.05
_SETTLE: Final = 0.3
_BEFORE: Final = 60.0
"""Seconds of the org between the records that exist already and the start of the consumer."""
_OVERFLOW: Final = "GAP_OVERFLOW"


@dataclass(frozen=True, slots=True)
class FillOutcome:
    """The outcome of a script.

    Attributes:
        script: The script.
        verdict: What became of the changes.
        runs: How many processes there were.
        died: Why processes ended by themselves.
        log: The end of the consumer's log, if something is wrong.
    """

    script: FillScript
    verdict: Verdict
    runs: int
    died: tuple[str, ...]
    log: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.verdict.problems and not self.died

    def __str__(self) -> str:
        if self.is_good:
            return f"script {self.script.seed}: good"
        found = [f"{name}: {'; '.join(each)}" for name, each in self.verdict.problems.items()]
        return "\n".join([f"script {self.script.seed} failed:", *found, *self.died, str(self.script), self.log])


async def run_script(script: FillScript) -> FillOutcome:
    """Run a script in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="pybayeux-backfill-") as name:
        async with SalesforceEmulator(time_scale=SCALE, **script.org) as org:
            run = _Run(org, script, Path(name))
            try:
                return await run.run()
            finally:
                await run.kill()


class _Run:
    def __init__(self, org: SalesforceEmulator, script: FillScript, folder: Path) -> None:
        self._org: Final = org
        self._script: Final = script
        self._folder: Final = folder
        self._log: Final = folder / "consumer.log"
        self._journal: Final = folder / "handled.jsonl"
        self._consumer: Final = ForkedConsumer(self._log, main)
        self._version = 0
        self._runs = 0
        self._last: Final[dict[str, float]] = {}
        self._changes: Final[dict[str, list[float]]] = defaultdict(list)

    async def run(self) -> FillOutcome:
        self._org.define(CHANNEL)
        self._org.define_object("Account", [{"name": "Version__c", "type": "int"}])
        for number in range(self._script.before):
            self._org.change_records("Account", "CREATE", [_id(number)], {"Version__c": 0})
            self._last[_id(number)] = 0
        self._org.advance(_BEFORE)
        await self._start()
        await self._until(lambda entries: any(entry.kind == "position" for entry in entries))
        due = dict(self._last) if self._script.since == "snapshot" else {}
        began = time.monotonic()
        for step in self._script.steps:
            await asyncio.sleep(began + step.at - time.monotonic())
            await self._perform(step)
        self._org.clear_faults()
        due |= {record_id: self._last[record_id] for record_id in self._changes}
        await self._until(lambda entries: due.items() <= last_versions(entries).items())
        await asyncio.sleep(_SETTLE)
        died = (self._consumer.died,) if self._consumer.died else ()
        await self.kill()
        verdict = judge(self._changes, due, self._entries())
        is_wrong = bool(verdict.problems or died)
        log = self._log.read_text(errors="replace")[-6000:] if is_wrong else ""
        journal = self._journal.read_text()[-6000:] if is_wrong else ""
        return FillOutcome(self._script, verdict, self._runs, died, f"{log}\n{journal}" if is_wrong else "")

    async def kill(self) -> None:
        await self._consumer.kill()

    async def _until(self, condition: Any) -> None:
        for _ in range(int(_TIMEOUT / _POLL)):  # another process writes the journal, so it has to be polled
            if condition(self._entries()) or self._consumer.died:
                return
            await asyncio.sleep(_POLL)

    def _entries(self) -> list[Entry]:
        return read_journal(self._journal)

    async def _start(self) -> None:
        self._runs += 1
        credentials = self._org.credentials
        await self._consumer.start(
            FillSettings(
                url=self._org.url,
                client_id=credentials.client_id,
                client_secret=credentials.client_secret,
                since=self._script.since,
                journal=str(self._journal),
                store=str(self._folder / "positions.db"),
                run=self._runs,
                scale=SCALE,
                bulk_from=self._script.bulk_from,
                pause=self._script.pause,
            )
        )

    async def _perform(self, step: FillStep) -> None:
        if step.action == "change":
            await self._change(**step.arguments)
        elif step.action == "purge":
            self._org.purge(CHANNEL)
        elif step.action == "crash":
            await self._consumer.kill()
            await asyncio.sleep(step.arguments["pause"])
            await self._start()
        else:
            getattr(self._org, step.action)(**step.arguments)

    async def _change(self, kind: str, numbers: Sequence[int]) -> None:
        """Change records. One that does not exist is created, and a deleted one stays deleted."""
        alive = [_id(number) for number in numbers if self._last.get(_id(number)) != inf]
        known = [each for each in alive if each in self._last]
        new = [each for each in alive if each not in self._last]
        self._version += 1
        if kind.endswith("DELETE"):
            await self._publish(kind, known, inf)
        elif kind == _OVERFLOW:
            await self._publish(kind, alive, self._version)
        else:
            await self._publish(kind, known, self._version)
            await self._publish(kind.replace("UPDATE", "CREATE"), new, self._version)

    async def _publish(self, kind: str, ids: Sequence[str], version: float) -> None:
        if not ids:
            return
        fields = {} if version == inf else {"Version__c": int(version)}
        await self._org.publish_change("Account", kind, ids, fields)
        for each in ids:
            self._last[each] = version
            self._changes[each].append(version)


def _id(number: int) -> str:
    return f"001{number:012d}AAA"
