"""`pybayeux record` and `pybayeux play` as people run them: real processes against the development server."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

import pytest

from pybayeux import Client
from pybayeux_cassette import read_cassette
from tests.support.command_line import CommandLine, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer

CASSETTE: Final = """\
{"bayeuxCassette":1,"recordedAt":"2026-11-29T16:00:00.000Z","channels":["/orders","/returns"]}
{"at":0.1,"channel":"/orders","data":{"number":1}}
{"at":0.2,"channel":"/orders","data":{"number":2}}
"""


def test_record_until_ctrl_c(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    arguments = ("/orders", "/**", "/returns", "-o", "night.jsonl", "--redact", "customer", "--remove", "note")
    with CommandLine("record", bayeux_server.url, *arguments, folder=tmp_path) as command:
        bayeux_server.received("/meta/subscribe", 3, timeout=30)
        for number in range(1, 4):
            data = {"number": number, "customer": "Ada", "note": "!", "password": "s3cr3t"}
            bayeux_server.publish("/orders", data)
            bayeux_server.publish("/returns", data)
        command.told("recording")
        path = tmp_path / "night.jsonl"
        while len(list(read_cassette(path).events)) < 6:
            pass
        command.process.send_signal(signal.SIGINT)
        ended = command.ended()
    assert (ended.code, ended.out) == (130, [])
    assert "recorded 6 events in " in ended.err[0]
    assert "replaced because of their names: data.password (6)" in ended.err[1]
    events = list(read_cassette(path).events)
    assert [(each.channel, each.data["number"]) for each in events] == [
        (channel, number) for number in (1, 2, 3) for channel in ("/orders", "/returns")
    ]
    assert len({each.data["customer"] for each in events}) == 1
    assert not any(word in path.read_text() for word in ("Ada", "s3cr3t", 'note":'))
    assert bayeux_server.received("/meta/disconnect")


def test_record_a_number_of_events(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    for number in range(5):
        bayeux_server.publish("/orders", {"number": number})
    arguments = ("/orders", "-o", "few.jsonl", "-n", "3", "-x", "replay.since=earliest", "-q")
    ended = run_in_process("record", bayeux_server.url, *arguments, folder=tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, [], [])
    assert [each.data["number"] for each in read_cassette(tmp_path / "few.jsonl").events] == [0, 1, 2]
    again = run_in_process("record", bayeux_server.url, *arguments, folder=tmp_path)
    assert (again.code, again.err) == (2, ["Error: few.jsonl exists already; --overwrite replaces it"])
    replaced = run_in_process("record", bayeux_server.url, *arguments, "--overwrite", folder=tmp_path)
    assert (replaced.code, len(list(read_cassette(tmp_path / "few.jsonl").events))) == (0, 3)


def test_record_for_a_time_moves_no_position(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    arguments = ("/orders", "-o", "few.jsonl", "--duration", "0.1", "-x", "replay.store=positions.db")
    ended = run_in_process("record", bayeux_server.url, *arguments, folder=tmp_path)
    assert ended.code == 0
    assert "recorded 0 events in 0 s" in ended.err[-1]
    assert not (tmp_path / "positions.db").exists()


def test_record_ends_where_the_file_cannot_be_written(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    ended = run_in_process("record", bayeux_server.url, "/orders", "-o", "no/such/folder.jsonl", folder=tmp_path)
    assert ended.code == 1
    assert ended.err[-1] == "Error: [Errno 2] No such file or directory: 'no/such/folder.jsonl'"
    wrong = run_in_process("record", bayeux_server.url, "/a", "-o", "a.jsonl", "--redact", "a..b", folder=tmp_path)
    assert wrong.code == 2
    assert "expected names with dots between them" in wrong.err[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "few.jsonl").write_text(CASSETTE)
    return tmp_path


@pytest.mark.parametrize("to", ["cometd", "control"])
def test_play_on_a_server(bayeux_server: BlockingServer, folder: Path, to: str) -> None:
    url = bayeux_server.url if to == "cometd" else bayeux_server.control_url
    with Client(bayeux_server.url) as client, client.subscribe("/orders") as events:
        ended = run_in_process("play", "few.jsonl", "--to", url, "--speed", "100", folder=folder)
        assert (ended.code, ended.out) == (0, [])
        assert "played 2 events of few.jsonl" in ended.err[-1]
        assert [next(iter(events)).data["number"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("salesforce", [False, True])
def test_play_on_a_server_of_its_own(folder: Path, salesforce: bool) -> None:
    arguments, channel = ["few.jsonl", "--serve", "--port", "0", "--loop", "--at-once"], "/orders"
    if salesforce:
        channel = "/event/Order__e"
        text = CASSETTE.replace("/orders", channel).replace("/returns", "/event/Return__e")
        (folder / "few.jsonl").write_text(text.replace('{"number"', '{"payload":{"number"').replace("}}", "}}}"))
        arguments.append("--salesforce")
    shown = folder / "shown.txt"  # it has a token, on purpose
    with shown.open("wb") as stdout, CommandLine("play", *arguments, folder=folder, stdout=stdout) as command:
        while not (text := shown.read_text()).endswith("\n\n"):
            assert command.process.poll() is None
        what, _, listen, _ = text.splitlines()
        assert "(Ctrl-C stops it). It plays when a client subscribes:" in what
        words = listen.split()
        token = words.pop(0).partition("=")[2].strip("'") if salesforce else None
        options = {} if token is None else {"auth": {"token": token}}
        with Client(words[2], options=options) as client, client.subscribe(channel) as events:
            got = [next(iter(events)).data for _ in range(4)]
        command.process.send_signal(signal.SIGINT)
        ended = command.ended()
    assert words[3:] == [channel, "/event/Return__e" if salesforce else "/returns"]
    assert [(each["payload"] if salesforce else each)["number"] for each in got] == [1, 2, 1, 2]
    assert ended.code == 130
    assert "played 2 events of few.jsonl" in ended.err[0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "expected either --serve or --to TARGET"),
        (["--serve", "--to", "http://127.0.0.1:9/cometd"], "expected either --serve or --to TARGET"),
        (["--to", "http://127.0.0.1:9/cometd", "--salesforce"], "--salesforce has no effect without --serve"),
        (["--to", "http://127.0.0.1:9/cometd", "--keep-ids"], "--keep-ids needs --serve, or the control interface"),
        (["--to", "http://127.0.0.1:9/cometd", "--incidents"], "--incidents needs --serve, or the control interface"),
        (["--serve", "--keep-ids", "--loop"], "--keep-ids and --loop exclude each other"),
        (["--serve", "--keep-ids", "--salesforce"], "an org gives replay ids of its own"),
        (["--serve", "--salesforce", "--port", "0"], "/orders is no channel of Salesforce's"),
    ],
)
def test_play_explains_what_is_wrong(folder: Path, arguments: list[str], why: str) -> None:
    ended = run_in_process("play", "few.jsonl", *arguments, folder=folder)
    assert ended.code == 2
    assert why in ended.err[-1]


def test_play_finds_damage_before_it_begins(bayeux_server: BlockingServer, folder: Path) -> None:
    path = folder / "few.jsonl"
    path.write_text(CASSETTE + '{"at":0.3}\n')
    ended = run_in_process("play", "few.jsonl", "--to", bayeux_server.control_url, folder=folder)
    assert (ended.code, ended.err) == (1, ['Error: few.jsonl, line 4: expected a member "channel" or "state"'])
    path.write_text(CASSETTE.splitlines()[0] + "\n")
    empty = run_in_process("play", "few.jsonl", "--serve", folder=folder)
    assert (empty.code, empty.err) == (2, ["Error: few.jsonl has no events"])


@pytest.mark.parametrize("what", ["refused", "unreachable"])
def test_play_says_why_a_server_does_not_take_it(bayeux_server: BlockingServer, folder: Path, what: str) -> None:
    url = bayeux_server.control_url if what == "refused" else "http://127.0.0.1:9/control"
    text = CASSETTE.replace("/orders", "/meta/orders") if what == "refused" else CASSETTE
    (folder / "few.jsonl").write_text(text)
    ended = run_in_process("play", "few.jsonl", "--to", url, "--at-once", folder=folder)
    assert ended.code == 1
    assert ("HTTP 400: " if what == "refused" else "ConnectError") in ended.err[-1]
