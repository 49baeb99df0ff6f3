"""Every recipe does what its page says, where a block on the page cannot show it by itself."""

from __future__ import annotations

import json
import os
import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import nbformat
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient

from examples.packages.acme_journal.acme_journal import Journal
from pybayeux import AsyncClient, Channel, Message, hookimpl
from pybayeux._client.failed_replies import failed_reply
from pybayeux.cli import main
from pybayeux.cli.arguments import CliOptions
from pybayeux.errors import MessageDropped, TransportError
from pybayeux.testing import Harness, in_virtual_time
from tests.docs.markdown import ROOT, blocks
from tests.docs.program import EXAMPLES, Program
from tests.support.loops import in_loop
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.docs.markdown import Block

PAGE: Final = ROOT / "docs" / "recipes.md"
WEB: Final = ROOT / "docs" / "web-frameworks.md"
_EXAMPLE: Final = re.compile(r"it is (examples/\S+), which has tests of its own")


def _section(title: str) -> list[Block]:
    """The Python blocks of one section."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(f"## {title}")
    end = next((number for number, line in enumerate(lines) if number > start and line.startswith("## ")), len(lines))
    return [block for block in blocks(PAGE, "python") if start < block.line < end]


def _programs() -> Iterator[tuple[str, str]]:
    for block in (*blocks(PAGE, "python"), *blocks(WEB, "python")):
        if block.not_run:
            found = _EXAMPLE.fullmatch(block.not_run)
            assert found, block.not_run
            yield found[1], block.source


def test_programs_of_the_pages_are_the_examples() -> None:
    shown = dict(_programs())
    assert len(shown) == 6
    for path, source in shown.items():
        assert (ROOT / path).read_text(encoding="utf-8") == source


# -- a web application


def _request(url: str, data: object = None) -> tuple[int, str]:
    body = None if data is None else json.dumps(data).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, body), timeout=10) as answer:
        return answer.status, answer.read().decode()


def test_a_web_application_has_a_client_as_long_as_it_lives(bayeux_server_factory: ServerFactory) -> None:
    server = bayeux_server_factory(replay=False)
    arguments = ("--app-dir", EXAMPLES, "--port", "0", "web_app:app")
    with Program("uvicorn", *arguments, BAYEUX_URL=server.url) as program:
        [address] = re.findall(r"http://\S+", program.until_match("running on http")[-1])
        assert _request(f"{address}/ready") == (200, "ready; connected")
        assert _request(f"{address}/orders", {"item": "tea"}) == (201, '{"published":true}')
        server.received("/orders")
        while (shown := _request(f"{address}/orders")) == (200, "[]"):
            pass
        assert shown == (200, '[{"item":"tea"}]')
        program.terminate()
        server.received("/meta/disconnect")
        program.until_match("Application shutdown complete")
    assert server.sessions == []


def test_a_web_application_with_threads_has_one_client(bayeux_server_factory: ServerFactory) -> None:
    server = bayeux_server_factory(replay=False)
    with Program("django_app.py", "runserver", "--noreload", "127.0.0.1:0", BAYEUX_URL=server.url) as program:
        [address] = re.findall(r"http://[\d.:]+", program.until_match("server at http")[-1])
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(_request, [f"{address}/ready"] * 4))
        assert answers == [(200, "ready; connected")] * 4
        assert len(server.sessions) == 1
        assert _request(f"{address}/orders", {"item": "tea"}) == (201, '{"published": true}')
        while (shown := _request(f"{address}/orders")) == (200, "[]"):
            pass
        assert shown == (200, '[{"item": "tea"}]')


# -- SIGTERM


def _store_in(folder: Path) -> dict[str, str]:
    """The variables that have a program keep its positions."""
    return {"PYBAYEUX_REPLAY_STORE": str(folder / "positions.db"), "PYBAYEUX_REPLAY_SINCE": "earliest"}


@pytest.mark.parametrize("name", ["stop_async.py", "stop_sync.py"])
def test_a_program_that_gets_sigterm_finishes_its_event_and_disconnects(
    name: str, bayeux_server: BlockingServer, tmp_path: Path
) -> None:
    store = _store_in(tmp_path)
    for number in range(1, 30):
        bayeux_server.publish("/orders", {"number": number})
    with Program(name, bayeux_server.url, **store) as program:
        program.until("begun 1")
        program.terminate()
        code, lines = program.result()
    # On a slow machine the signal may come later; what was begun is done in any case.
    assert code == 0
    last = len(lines) // 2 + 1
    assert ["begun 1", *lines] == [f"{word} {number}" for number in range(1, last + 1) for word in ("begun", "done")]
    assert len(bayeux_server.received("/meta/disconnect")) == 1
    assert bayeux_server.sessions == []
    with Program(name, bayeux_server.url, **store) as program:
        assert program.until_match("begun") == [f"begun {last + 1}"]


# -- many threads


def test_jobs_are_done_in_many_threads(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    store = _store_in(tmp_path)
    for number in range(20):
        bayeux_server.publish("/jobs", {"number": number})
    with Program("many_threads.py", bayeux_server.url, **store):
        results = [message["data"] for message in bayeux_server.received("/results", 20, timeout=30)]
    assert {result["job"] for result in results} == set(range(20))
    assert len({result["thread"] for result in results}) > 1


# -- Jupyter


@pytest.fixture
def jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter keeps its files in the folder of the test."""
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in [name for name in os.environ if name.startswith("PYBAYEUX_")]:
        monkeypatch.delenv(name)


def _run_notebook(*cells: str) -> list[str]:
    """What each cell prints, or the name and text of its error."""
    v4: Any = nbformat.v4
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    return ["".join(map(_shown, cell.outputs)) for cell in notebook.cells]


def _shown(output: Any) -> str:
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return str(output.get("text", ""))


@pytest.mark.usefixtures("jupyter")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_cells_of_a_notebook_share_a_client(bayeux_server: BlockingServer) -> None:
    cells = _section("Jupyter")
    refused = f"from pybayeux import Client\nClient({bayeux_server.url!r}).start()"

    def publish() -> None:
        bayeux_server.received("/meta/subscribe", timeout=60)
        for item in ("tea", "coffee", "milk"):
            bayeux_server.publish("/orders", {"item": item})

    publishing = Thread(target=publish)
    publishing.start()
    sources = [re.sub(r"http://[^\"]+", bayeux_server.url, cell.source) for cell in cells]
    *outputs, error = _run_notebook(*sources, refused)
    publishing.join()
    assert outputs == [cell.output or "" for cell in cells]
    assert error.startswith("UsageError: this thread runs an event loop")


# -- a journal


def test_what_cannot_be_written_comes_again_after_replay(
    bayeux_server: BlockingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, full = Journal._write, [OSError("no space left")]

    def write_or_fail(journal: Journal, line: bytes) -> None:
        if b'"number":2' in line and full:
            raise full.pop()
        write(journal, line)

    monkeypatch.setattr(Journal, "_write", write_or_fail)

    handled: list[int] = []

    @in_loop
    async def run() -> None:
        options = {"replay": {"since": "earliest"}}
        client = AsyncClient(
            bayeux_server.url,
            discover=["replay"],
            options=options,
            extensions=[Journal(tmp_path / "journal.jsonl")],
            order=["journal", "replay"],
        )
        async with client, client.subscribe("/orders") as events:
            async for event in events:
                handled.append(event.data["number"])
                if 2 in handled:
                    break

    for number in (1, 2, 3):
        bayeux_server.publish("/orders", {"number": number})
    run()
    assert handled == [1, 3, 2]
    lines = (tmp_path / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)[0]["data"]["number"] for line in lines][:3] == [1, 3, 2]


# -- what a failed request was, and the same message in both hooks


def test_members_of_a_failure_are_those_of_the_page() -> None:
    table = re.findall(r"^\| `(\w+)` \| (\w+)(?: or None)? \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    kinds = {"int": int, "str": str, "bool": bool}
    request = Message(channel=Channel.META_CONNECT, id="1")
    for error in (TransportError("HTTP 503", status=503), MessageDropped("no", "acme", None)):
        failure = failed_reply(request, error, "long-polling").extra["failure"]
        assert list(failure) == [name for name, _ in table]
        assert all(failure[name] is None or type(failure[name]) is kinds[kind] for name, kind in table)


class _Both:
    """Keeps what `incoming` and `delivered` get."""

    def __init__(self) -> None:
        self.received: list[Message] = []
        self.handled: list[Message] = []

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == "/orders":
            self.received.append(message)

    @hookimpl
    def delivered(self, message: Message) -> None:
        self.handled.append(message)


@in_virtual_time
async def test_both_hooks_get_the_same_object() -> None:
    both, attempts = _Both(), []

    def fail_once(event: Message) -> None:
        attempts.append(event)
        if len(attempts) == 1:
            raise RuntimeError("later")

    async with Harness(both) as harness:
        await harness.subscribe("/orders")
        await harness.client.subscribe("/orders", fail_once, on_error="retry")
        by_hand = await harness.client.subscribe("/**", type=dict, ack="manual")
        harness.server.push("/orders", {"number": 1})
        event = await anext(by_hand)
        await event.ack()
        await harness.clock.advance(60)
    assert len(attempts) == 2
    assert event is not both.received[0]
    [received], [handled] = both.received, both.handled
    assert handled is received


# -- a sub-command


def test_a_command_that_connects_has_the_options_of_the_command_line(
    bayeux_server: BlockingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bayeux_server.publish("/orders", {"number": 1})
    [_, peek] = _section("Options of a sub-command")
    (tmp_path / "peeking.py").write_text(f"from pybayeux import hookimpl\n{peek.source}")
    (tmp_path / "pybayeux.toml").write_text('[local-extensions]\npeek = "peeking:Peek"\n')
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["-x", "replay.since=earliest", "peek", bayeux_server.url, "/orders"])
    assert (result.exit_code, "'number': 1" in result.stdout) == (0, True)


def test_a_named_command_asks_for_its_extension_when_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unconfigured(tmp_path, monkeypatch)
    [consumer, _] = _section("Options of a sub-command")
    names: dict[str, Any] = {}
    exec(consumer.source, names)
    given = CliOptions()
    given.set("replay", "consumer", "billing")
    assert CliRunner().invoke(names["consumer"], obj=given).stdout == "billing\n"
    given.disabled.append("replay")
    failed = CliRunner().invoke(names["consumer"], obj=given)
    assert str(failed.exception) == "extension 'replay' is disabled"
