"""A run of a script detects lost events and consumers that end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extensions.devserver.tests.engine_client import in_loop
from tests.soak import script_run
from tests.soak.consumer_process import ForkedConsumer
from tests.soak.journal import open_journal
from tests.soak.script import CRASH, PUBLISH, REPLICA, RETIRE, Script, Step
from tests.soak.script_run import run_script

if TYPE_CHECKING:
    from tests.soak.settings import Settings

ORDERS = "/event/Order__e"
SCRIPT = Script("few", (Step(0.0, PUBLISH, {"channel": ORDERS, "count": 3}),))


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The consumers of these tests do not subscribe, so waiting for that is short."""
    monkeypatch.setattr(script_run, "_POLL_INTERVAL", 0.01)
    monkeypatch.setattr(script_run, "_START_TIMEOUT", 0.05)


class FakeConsumer:
    """A consumer that writes to its journal what the test says."""

    def __init__(self, *marks: str, died: str = "") -> None:
        self.died = died
        self.marks = marks
        self.started: list[Settings] = []

    async def start(self, settings: Settings) -> None:
        self.started.append(settings)
        with open_journal(Path(settings.journal), settings.run) as write:
            for mark in self.marks:
                write("event", ORDERS, mark)

    async def kill(self) -> None:
        self.died = ""

    def replica(self) -> FakeConsumer:
        return self


@in_loop
async def test_a_real_consumer_handles_everything(tmp_path: Path) -> None:
    outcome = await run_script(SCRIPT, ForkedConsumer(tmp_path / "log"), tmp_path)
    assert outcome.is_good
    assert (outcome.report.published, outcome.report.handled, outcome.logins, outcome.runs) == (3, 3, 1, 1)


@in_loop
async def test_an_unhandled_event_is_reported_as_lost(tmp_path: Path) -> None:
    outcome = await run_script(SCRIPT, FakeConsumer("event-1", "event-3"), tmp_path, timeout=0.2)
    assert outcome.report.lost == ("event-2",)
    lines = str(outcome).splitlines()
    assert lines[:3] == ["script few failed: lost: event-2", "script few", "  org()"]
    assert lines[4].startswith("  0.00 publish(")


@in_loop
async def test_a_consumer_that_ends_by_itself_fails_the_script(tmp_path: Path) -> None:
    outcome = await run_script(SCRIPT, FakeConsumer("event-1", "event-2", "event-3", died="exit code 1"), tmp_path)
    assert outcome.report.is_good
    assert not outcome.is_good
    assert outcome.died == ("exit code 1",)


@in_loop
async def test_a_crash_starts_a_second_process_with_the_same_files(tmp_path: Path) -> None:
    consumer = FakeConsumer("event-1", "event-2", "event-3")
    script = Script("crash", (*SCRIPT.steps, Step(0.05, CRASH, {"pause": 0.0})))
    outcome = await run_script(script, consumer, tmp_path)
    first, second = consumer.started
    assert (first.run, second.run) == (1, 2)
    assert (first.store, first.journal) == (second.store, second.journal)
    assert (outcome.report.again, outcome.is_good) == (3, True)


@in_loop
async def test_a_supervised_consumer_is_started_again(tmp_path: Path) -> None:
    consumer = FakeConsumer("event-1", "event-2", "event-3", died="exit code 1")
    outcome = await run_script(SCRIPT, consumer, tmp_path, supervised=True)
    assert outcome.runs == 2
    assert outcome.died == ("exit code 1",)


class Replica(FakeConsumer):
    """A consumer whose replicas give way to it: they end, and say so in the journal."""

    def __init__(self, *marks: str) -> None:
        super().__init__(*marks)
        self.replicas: list[FakeConsumer] = []

    def replica(self) -> FakeConsumer:
        replica = GivingWay(died="exit code 0")
        self.replicas.append(replica)
        return replica


class GivingWay(FakeConsumer):
    async def start(self, settings: Settings) -> None:
        self.started.append(settings)
        with open_journal(Path(settings.journal), settings.run) as write:
            write("conflict")


@in_loop
async def test_a_replica_that_gives_way_has_not_failed(tmp_path: Path) -> None:
    consumer = Replica("event-1", "event-2", "event-3")
    script = Script("replica", (*SCRIPT.steps, Step(0.05, REPLICA, {"waits": True})))
    outcome = await run_script(script, consumer, tmp_path)
    assert outcome.is_good
    assert outcome.runs == 2
    (replica,) = consumer.replicas
    assert replica.started[0].store == consumer.started[0].store


@in_loop
async def test_if_all_have_given_way_one_is_started_again(tmp_path: Path) -> None:
    consumer = Replica("event-1", "event-2")
    script = Script("replica", (*SCRIPT.steps, Step(0.05, REPLICA), Step(0.1, RETIRE)))
    outcome = await run_script(script, consumer, tmp_path, timeout=0.1)
    assert outcome.report.lost == ("event-3",)
    assert outcome.runs > 2
    assert outcome.died == ()
