"""The benchmarks run: a little of each kind of case, and of each client. How fast is of no interest here."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from benchmarks import libraries, page, startup
from benchmarks.__main__ import main
from benchmarks.cases import CASES
from benchmarks.clients import AIOHTTP, BUILT_IN, CLIENTS, SERVER
from benchmarks.measure import Measurement, measure
from benchmarks.results import Results, load
from benchmarks.runs import in_turn
from benchmarks.tables import rendered
from tests.servers.fixtures import needs_tools

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.cases import Case
    from benchmarks.tasks import Loop
    from tests.servers.fixtures import ServerFactory
    from tests.servers.server import Server

KINDS = [CASES[name] for name in ("bulk-long-polling", "500-websocket", "fan-websocket", "typed", "replay-sqlite")]
ASKING = [CASES[name] for name in ("subscribe-websocket", "subscribe-batched", "publish-long-polling")]

_EVENTS = 1_000
"""Enough to be seen by a JVM, which counts its processor time in hundredths of a second."""


def _small(case: Case) -> Case:
    return replace(case, warmup=0, subscriptions=min(case.subscriptions, 3), many=min(case.many, 3))


def _is_plausible(found: Measurement) -> bool:
    return found.processor > 0 and found.per_second > 0 and found.peak is not None and found.peak > 1


@pytest.mark.parametrize("case", [*KINDS, *ASKING], ids=lambda case: case.name)
def test_our_client_does_each_kind_of_task(case: Case, cometd_server: Server) -> None:
    found = measure(_small(case), CLIENTS["core"], cometd_server, 10)
    assert _is_plausible(found)
    assert (found.p50 is not None) == (case.rate is not None)


@pytest.mark.parametrize("name", [name for name in CLIENTS if name not in ("core", BUILT_IN, AIOHTTP)])
def test_each_client_receives(name: str, cometd_server: Server) -> None:
    with needs_tools():
        CLIENTS[name].command()
    assert _is_plausible(measure(_small(CASES["bulk-long-polling"]), CLIENTS[name], cometd_server, _EVENTS))
    assert CLIENTS[name].version()


@pytest.mark.parametrize("loop", libraries.LOOPS)
def test_each_library_receives(loop: Loop, cometd_server: Server) -> None:
    pytest.importorskip(loop)
    case, clients = _small(CASES["bulk-websocket"]), {each.name: each for each in libraries.clients_on(loop)}
    table = libraries.compare(case, _EVENTS, clients, cometd_server, rounds=1)
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == list(clients)


@pytest.mark.parametrize("name", [SERVER, "CometD Java", "CometD JavaScript", "Faye JavaScript", "aiocometd-ng"])
def test_each_peer_has_many_subscriptions(name: str, cometd_server: Server) -> None:
    with needs_tools():
        CLIENTS[name].command()
    assert _is_plausible(measure(_small(CASES["fan-long-polling"]), CLIENTS[name], cometd_server, _EVENTS))


@pytest.mark.parametrize(
    ("case", "name"),
    [
        *product(("many-websocket", "many-long-polling"), ("core", "CometD JavaScript", BUILT_IN)),
        ("many-long-polling", AIOHTTP),
    ],
)
def test_memory_of_each_client_in_a_process_is_measured(case: str, name: str, cometd_factory: ServerFactory) -> None:
    server = cometd_factory()
    with needs_tools():
        CLIENTS[name].command()
    assert measure(_small(CASES[case]), CLIENTS[name], server, 4).each_client is not None


def test_each_round_begins_with_another_client() -> None:
    assert [in_turn("abc", number) for number in (1, 2, 4)] == [["a", "b", "c"], ["b", "c", "a"], ["a", "b", "c"]]
    assert in_turn([], 1) == []


def test_command_measures_and_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(startup, "STARTS", {startup.BASELINE: startup.STARTS[startup.BASELINE]})
    file = tmp_path / "results.json"
    monkeypatch.setattr(sys, "argv", ["benchmarks", "start-up", "--rounds", "2", "--json", str(file)])
    assert main() == 0
    output = capsys.readouterr()
    assert "| import httpx |" in output.out
    assert "round 2: import httpx" in output.err
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--read", str(file)])
    assert main() == 0
    assert capsys.readouterr().out == output.out
    assert len(load(file).outcomes["start-up"]["import httpx"]) == 2


def test_wrong_name_has_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "bulk-websockt"])
    with pytest.raises(SystemExit, match=r"did you mean 'bulk-websocket'\?"):
        main()


def _results() -> Results:
    def measured(*figures: float) -> list[Measurement]:
        return [Measurement(processor=figure, per_second=10, peak=1) for figure in figures]

    outcome = {
        "core": measured(4, 6, 5),
        "all": measured(20),
        "CometD Java": measured(30),
        "Faye JavaScript": measured(10),
    }
    return Results(quick=True, rounds=3, outcomes={"bulk-long-polling": outcome})


def test_ours_are_compared_with_the_best_peer() -> None:
    text = rendered(_results())
    assert "| 5.0 (4.0 to 6.0) | 20.0 | 10.0 Faye JavaScript | 0.50 (0.5) | **2.00** (0.6) |" in text


def test_memory_is_shown_beyond_that_of_the_sockets() -> None:
    def client_of(size: float) -> list[Measurement]:
        return [Measurement(processor=1, per_second=1, each_client=size)]

    outcome = {"core": client_of(90), "all": client_of(95), BUILT_IN: client_of(20), AIOHTTP: client_of(10)}

    def beyond(case: str) -> list[str]:
        text = rendered(Results(quick=True, rounds=1, outcomes={case: outcome}))
        return [line for line in text.splitlines() if "beyond" in line]

    line = "{}: {} kB for each further client beyond its sockets (aim: 60)."
    assert beyond("many-long-polling") == [line.format("core", "70.0"), line.format("all", "85.0")]
    assert beyond("many-websocket") == [line.format("core", "70.0"), line.format("all", "75.0")]


def test_plots_are_drawn(tmp_path: Path) -> None:
    from benchmarks.plots import draw

    assert draw(_results(), tmp_path).read_bytes().startswith(b"\x89PNG")


def test_page_keeps_what_is_above_the_mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"above\n{page.MARK}old")
    monkeypatch.setattr(page, "PAGE", path)
    results = _results()  # which has the machine's load of this moment
    page.write_page(results)
    assert path.read_text() == f"above\n{page.MARK}\n{rendered(results)}"
    assert (tmp_path / "images" / "performance.png").exists()
