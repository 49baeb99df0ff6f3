"""The stage itself: that it notices what is lost, and who dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.devserver.tests.conversation import in_loop
from pybayeux_devserver.soak import stage as _stage
from pybayeux_devserver.soak.journal import journal
from pybayeux_devserver.soak.process import ForkedConsumer
from pybayeux_devserver.soak.script import CRASH, PUBLISH, Script, Step
from pybayeux_devserver.soak.stage import play

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver.soak.settings import Settings

ORDERS = "/event/Order__e"
SCRIPT = Script("few", (Step(0.0, PUBLISH, {"channel": ORDERS, "count": 3}),))


@pytest.fixture(autouse=True)
def _nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consumers of these tests subscribe to nothing."""
    monkeypatch.setattr(_stage, "_GLANCE", 0.01)
    monkeypatch.setattr(_stage, "_READY", 0.05)


class Scripted:
    """A consumer that writes what the test has it handle."""

    def __init__(self, *marks: str, died: str = "") -> None:
        self.died = died
        self.marks = marks
        self.started: list[Settings] = []

    async def start(self, settings: Settings) -> None:
        self.started.append(settings)
        with journal(self._path(settings), settings.run) as note:
            for mark in self.marks:
                note("event", ORDERS, mark)

    @staticmethod
    def _path(settings: Settings) -> Path:
        from pathlib import Path

        return Path(settings.journal)

    async def kill(self) -> None:
        self.died = ""


@in_loop
async def test_a_real_consumer_handles_everything(tmp_path: Path) -> None:
    outcome = await play(SCRIPT, ForkedConsumer(tmp_path / "log"), tmp_path)
    assert outcome.is_good
    assert (outcome.verdict.published, outcome.verdict.handled, outcome.logins, outcome.runs) == (3, 3, 1, 1)


@in_loop
async def test_what_is_not_handled_is_noticed(tmp_path: Path) -> None:
    outcome = await play(SCRIPT, Scripted("event-1", "event-3"), tmp_path, patience=0.2)
    assert outcome.verdict.lost == ("event-2",)
    assert str(outcome).startswith("script few failed: lost: event-2\nscript few\n  org()\n  0.00 publish(")


@in_loop
async def test_who_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    outcome = await play(SCRIPT, Scripted("event-1", "event-2", "event-3", died="exit code 1"), tmp_path)
    assert outcome.verdict.is_good
    assert not outcome.is_good
    assert outcome.died == ("exit code 1",)


@in_loop
async def test_a_crash_is_a_second_process_with_the_same_files(tmp_path: Path) -> None:
    consumer = Scripted("event-1", "event-2", "event-3")
    script = Script("crash", (*SCRIPT.steps, Step(0.05, CRASH, {"pause": 0.0})))
    outcome = await play(script, consumer, tmp_path)
    first, second = consumer.started
    assert (first.run, second.run) == (1, 2)
    assert (first.store, first.journal) == (second.store, second.journal)
    assert (outcome.verdict.again, outcome.is_good) == (3, True)


@in_loop
async def test_a_supervised_one_is_started_again(tmp_path: Path) -> None:
    consumer = Scripted("event-1", "event-2", "event-3", died="exit code 1")
    outcome = await play(SCRIPT, consumer, tmp_path, supervised=True)
    assert outcome.runs == 2
    assert outcome.died == ("exit code 1",)
