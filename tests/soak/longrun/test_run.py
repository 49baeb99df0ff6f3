"""A short run on each server, and what a run says of a client that leaves something behind."""

from __future__ import annotations

import logging
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient
from pybayeux_devserver import DevServer
from tests.servers.fixtures import needs_tools
from tests.soak.longrun.command import report
from tests.soak.longrun.emulated_org import run_org
from tests.soak.longrun.real_servers import run_cometd, run_faye
from tests.soak.longrun.run import LongRun
from tests.soak.longrun.target import CHANNEL, Target, TargetFactory
from tests.support.clients import IMPATIENT
from tests.support.loops import in_long_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "pybayeux")  # pytest keeps what is logged, and the errors in it count as left


class WithFaults:
    """A target with other faults."""

    def __init__(self, target: Target, faults: Mapping[str, Callable[[], object]]) -> None:
        self.faults = faults
        self.loses_nothing = target.loses_nothing
        self.clients = target.clients
        self.publish = target.publish
        self.number_of = target.number_of


class Local:
    """A development server, whose replay extension sends everything again."""

    loses_nothing = True

    def __init__(self, server: Any) -> None:
        self._server = server
        self.faults: dict[str, Callable[[], object]] = {"session dropped": server.faults.drop_sessions}

    def clients(self) -> dict[str, AsyncClient]:
        return {
            name: AsyncClient(
                self._server.url,
                transports=[name],
                backoff=IMPATIENT,
                options={"replay": {"since": "earliest", "dedupe": 10}},
            )
            for name in ("long-polling", "websocket")
        }

    def publish(self, number: int) -> None:
        self._server.publish(CHANNEL, {"number": number})

    def number_of(self, data: Any) -> int:
        return int(data["number"])


@contextmanager
def run_local(folder: Path) -> Iterator[Local]:
    with DevServer() as server:
        yield Local(server)


SERVERS: list[tuple[TargetFactory, tuple[str, ...]]] = [
    (run_local, ("session dropped",)),
    (run_org, ("connections broken", "session ended", "token revoked")),
    (run_cometd, ("session dropped", "connections broken", "server killed")),
    (run_faye, ("session dropped", "connections broken", "server killed")),
]


@pytest.mark.parametrize(("run", "faults"), SERVERS)
@in_long_loop
async def test_a_short_run_leaves_nothing_behind(run: TargetFactory, faults: tuple[str, ...], tmp_path: Path) -> None:
    with needs_tools(), run(tmp_path) as target:
        progress: list[str] = []
        few = WithFaults(target, {name: target.faults[name] for name in faults})
        long_run = LongRun(few, interval=0.1, quiet=6.0, on_progress=lambda fault, seconds: progress.append(fault))
        outcome = await long_run.run(1.0)
        assert outcome.problems == []
        assert tuple(progress[: len(faults)]) == faults
        assert outcome.faults == len(progress) > len(faults)
        assert all(arrivals.handled for arrivals in outcome.arrivals.values())
        text = report("server", 5, outcome)
        assert f"{outcome.faults} faults of {len(faults)} kinds" in text
        assert f"of {outcome.published} events handled" in text


@in_long_loop
async def test_what_a_fault_leaves_behind_is_a_problem(tmp_path: Path) -> None:
    left: list[socket.socket] = []

    def leak() -> None:
        left.append(socket.socket())

    with run_local(tmp_path) as target:
        outcome = await LongRun(WithFaults(target, {"a leak": leak}), interval=0.0, quiet=0.5).run(0.5)
    for each in left:
        each.close()
    assert any(problem.startswith("grown while connected: sockets") for problem in outcome.problems)
    assert any(problem.startswith("left after the end: descriptors") for problem in outcome.problems)
    assert "left after the end: sockets" in report("local", 1, outcome)


@in_long_loop
async def test_events_that_are_handled_twice_are_a_problem(tmp_path: Path) -> None:
    with run_local(tmp_path) as target:

        def repeat() -> None:
            target.publish(0)

        outcome = await LongRun(WithFaults(target, {"a repeat": repeat}), interval=0.5, quiet=0.5).run(0.1)
    assert [problem.partition(":")[0] for problem in outcome.problems] == ["long-polling", "websocket"]
