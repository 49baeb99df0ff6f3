"""Events that a handler failed on: kept in the store, listed, handled again and deleted from the command line.

In real time: the database works in threads of its own, which the virtual clock does not know.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from extensions.replay.tests.replaying_server import Recorder, ReplayingServer, client_of
from pybayeux import BayeuxError, Channel, Message, hookimpl
from pybayeux.cli import main
from pybayeux.errors import ReceiverError
from pybayeux_replay import DeadLetter, DeadLetterStore, MemoryStore, Replay
from pybayeux_replay.dead_letters import dead_letter_of
from pybayeux_replay.file import FileStore
from pybayeux_replay.sqlite import SqliteStore
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _letter(number: int, *, uuid: str | None = None, replay_id: int | None = None, text: str = "oops") -> DeadLetter:
    data: dict[str, Any] = {"number": number}
    if replay_id is not None:
        data["event"] = {"replayId": replay_id} | ({} if uuid is None else {"EventUuid": uuid})
    return dead_letter_of(
        Message(channel="/orders", data=data), "/orders", ReceiverError("/orders", KeyError(text)), NOW
    )


def test_its_channels_are_plain_strings_which_every_encoder_takes() -> None:
    message = Message(channel=Channel("/orders"), data={})
    letter = dead_letter_of(message, Channel("/orders/*"), ReceiverError("/orders", KeyError("oops")), NOW)
    assert (type(letter.subscription), type(letter.channel)) == (str, str)


# -- the store


def test_the_same_event_is_kept_once_and_its_attempts_are_counted(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "positions.db")
    assert isinstance(store, DeadLetterStore)
    assert store.dead_letters("billing") == []
    store.delete_dead_letters("billing", [1])
    first = store.add_dead_letter("billing", _letter(1, replay_id=10))
    assert store.add_dead_letter("billing", _letter(1, replay_id=10, text="again")) == first
    # After a migration of the server, another event has the same replay id.
    other = store.add_dead_letter("billing", _letter(2, replay_id=10))
    plain = [store.add_dead_letter("billing", _letter(3)) for _ in range(2)]  # nothing identifies these
    store.add_dead_letter("shipping", _letter(1, replay_id=10))
    assert len({first, other, *plain}) == 4
    letters = store.dead_letters("billing")
    assert [(each.number, each.message.data["number"], each.attempts) for each in letters] == [
        (first, 1, 2),
        (other, 2, 1),
        (plain[0], 3, 1),
        (plain[1], 3, 1),
    ]
    assert (letters[0].error, letters[0].failed_at, letters[0].replay_id) == ("KeyError: 'again'", NOW, 10)
    store.delete_dead_letters("billing", [first, plain[1], 999])
    assert [each.number for each in store.dead_letters("billing")] == [other, plain[0]]
    assert len(store.dead_letters("shipping")) == 1
    store.close()


def test_an_event_with_an_id_of_its_own_is_recognised_under_another_replay_id(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "positions.db")
    first = store.add_dead_letter("billing", _letter(1, replay_id=10, uuid="u-1"))
    assert store.add_dead_letter("billing", _letter(1, replay_id=20, uuid="u-1")) == first
    store.close()


def test_a_letter_with_a_number_replaces_that_one(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "positions.db")
    store.add_dead_letter("billing", _letter(1))
    (letter,) = store.dead_letters("billing")
    store.add_dead_letter("billing", letter)
    assert [(each.number, each.attempts) for each in store.dead_letters("billing")] == [(letter.number, 2)]
    store.delete_dead_letters("billing", [1])
    store.add_dead_letter("billing", letter)
    assert store.dead_letters("billing") == []
    store.close()


# -- the client


@in_loop
async def test_the_stream_goes_on_after_a_dead_letter(tmp_path: Path) -> None:
    file, handled, done = tmp_path / "positions.db", list[int](), asyncio.Event()

    def handle(event: Message) -> None:
        number = event.data["number"]
        if number == 1:
            raise KeyError("no such customer")
        handled.append(number)
        if number == 3:
            done.set()

    server, recorder = ReplayingServer(), Recorder()
    async with client_of(server, Replay(str(file), since="earliest", consumer="billing"), recorder) as client:
        await client.subscribe("/orders", handle, on_error="dead_letter")
        server.publish("/orders", *range(4))
        await done.wait()
    assert handled == [0, 2, 3]
    assert recorder.delivered_numbers == [0, 1, 2, 3]
    assert [type(error) for error in recorder.failures] == [ReceiverError]
    store = SqliteStore(file)
    (letter,) = store.dead_letters("billing")
    assert (letter.subscription, letter.channel, letter.replay_id) == ("/orders", "/orders", 20)
    assert (letter.error, letter.message.data["number"]) == ("KeyError: 'no such customer'", 1)
    position = store.get("billing", "/orders")
    assert position is not None
    assert position.replay_id == 40
    store.close()


class FailureRecorder(Recorder):
    """Signals the second failure."""

    def __init__(self) -> None:
        super().__init__()
        self.has_failed_twice = asyncio.Event()

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.failures.append(error)
        if len(self.failures) == 2:
            self.has_failed_twice.set()


class FullStore(SqliteStore):
    is_full = True

    def add_dead_letter(self, consumer: str, letter: DeadLetter) -> int:
        if self.is_full:
            raise OSError("no space left")
        return super().add_dead_letter(consumer, letter)


def test_the_stream_waits_for_a_store_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Watcher(Recorder):
        @hookimpl
        def store_failed(self, error: Exception | None) -> None:
            store.is_full = False
            told.append(str(error))

    @in_loop
    async def scenario() -> None:
        async def fail_on_the_first(event: Message) -> None:
            if event.data["number"] == 0:
                raise KeyError
            handled.set()

        server, handled, watcher = ReplayingServer(), asyncio.Event(), Watcher()
        async with client_of(server, Replay(store, since="earliest"), watcher) as client:
            await client.subscribe("/orders", fail_on_the_first, on_error="dead_letter")
            server.publish("/orders", 0, 1)
            await handled.wait()
        assert [letter.replay_id for letter in store.dead_letters("default")] == [10]
        assert watcher.delivered_numbers == [0, 1]

    monkeypatch.setattr("pybayeux_replay.position_writer._RETRY_DELAY", 0.01)
    store, told = FullStore(tmp_path / "positions.db"), list[str]()
    scenario()
    assert told == ["no space left", "None"]
    store.close()


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_the_event_stays_unhandled_where_it_is_not_kept(kind: str, tmp_path: Path) -> None:
    store: Any = {"memory": MemoryStore(), "file": FileStore(tmp_path / "positions.json")}[kind]
    complaint = "no extension keeps this event of /orders as a dead letter"

    @in_loop
    async def scenario() -> None:
        def fail(event: Message) -> None:
            raise KeyError

        server, recorder = ReplayingServer(), FailureRecorder()
        async with client_of(server, Replay(store, since="earliest"), recorder) as client:
            subscription = await client.subscribe("/orders", fail, on_error="dead_letter")
            server.publish("/orders", 0, 1)
            await recorder.has_failed_twice.wait()
        assert subscription.closed
        assert recorder.delivered_numbers == []
        assert type(recorder.failures[0]) is ReceiverError
        assert complaint in str(recorder.failures[1])
        assert store.get("default", "/orders") is None

    scenario()


# -- the command line


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteStore:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    for name in ("STORE", "CONSUMER"):
        monkeypatch.delenv(f"PYBAYEUX_REPLAY_{name}", raising=False)
    (tmp_path / "handlers_of_a_program.py").write_text(_HANDLERS)
    store = SqliteStore(tmp_path / "positions.db")
    for number in (1, 2, 3):
        store.add_dead_letter("default", _letter(number, replay_id=number * 10))
    return store


_HANDLERS = """
import msgspec

class Order(msgspec.Struct):
    number: int

def book(event):
    if event.data["number"] == 2:
        raise LookupError("still no such customer")
    print("booked", event.data["number"])

async def book_typed(event):
    print("booked", event.data)
    await event.ack()

def book_in_transaction(event):
    event.transaction()

text = "no handler"
"""


def _run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(main, ["replay", "dead-letters", *arguments, "--store", "positions.db"], **options)


def test_a_terminal_obeys_nothing_that_a_server_has_sent(store: SqliteStore) -> None:
    evil = "\x1b[2J\x9b31m\u202e"
    message = Message(channel=f"/orders/{evil}", data={"number": 9})
    store.add_dead_letter(
        "default", dead_letter_of(message, "/orders/*", ReceiverError("/orders", KeyError(evil)), NOW)
    )
    for arguments in (("list",), ("list", "--json"), ("replay", "handlers_of_a_program:book_in_transaction")):
        output = _run(*arguments).output
        assert not set(evil[:1] + evil[4] + evil[-1]) & set(output)
    assert json.loads(_run("list", "--json").stdout)[-1]["channel"] == f"/orders/{evil}"


def test_list(store: SqliteStore) -> None:
    lines = [line.split() for line in _run("list").stdout.splitlines()]
    assert lines[1] == ["1", "/orders", "/orders", "10", "2026-01-01", "00:00:00+00:00", "1", "KeyError:", "'oops'"]
    assert lines[-1] == ["3", "dead", "letters."]
    shown = json.loads(_run("list", "--json").stdout)
    assert [each["number"] for each in shown] == [1, 2, 3]
    assert shown[0] == {
        "number": 1,
        "subscription": "/orders",
        "channel": "/orders",
        "replay_id": 10,
        "error": "KeyError: 'oops'",
        "failed_at": "2026-01-01T00:00:00+00:00",
        "attempts": 1,
        "data": {"number": 1, "event": {"replayId": 10}},
    }
    assert _run("list", "--consumer", "none").stdout == "No dead letters are kept for the consumer 'none'.\n"
    assert _run("list", "--json", "--consumer", "none").stdout == "[]\n"


def test_replay_deletes_what_is_handled_and_keeps_the_rest(store: SqliteStore) -> None:
    result = _run("replay", "handlers_of_a_program:book")
    assert result.exit_code == 1
    assert result.stdout == "booked 1\nbooked 3\n2 dead letters handled, 1 failed.\n"
    assert result.stderr == "2: LookupError: still no such customer\n"
    (left,) = store.dead_letters("default")
    assert (left.number, left.attempts, left.error) == (2, 2, "LookupError: still no such customer")
    assert left.failed_at > NOW


def test_replay_of_some_with_a_type_in_json(store: SqliteStore) -> None:
    result = _run("replay", "handlers_of_a_program:book_typed", "2", "--type", "handlers_of_a_program:Order", "--json")
    assert result.exit_code == 0
    said, _, outcomes = result.stdout.partition("\n")
    assert said == "booked Order(number=2)"
    assert json.loads(outcomes) == [{"number": 2, "subscription": "/orders", "error": None}]
    assert [each.number for each in store.dead_letters("default")] == [1, 3]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["handlers_of_a_program"], "expected MODULE:NAME, such as billing.handlers:book; got 'handlers_of_a_program'"),
        (["no_such_module:book"], "No module named 'no_such_module'"),
        (["handlers_of_a_program:pay"], "has no attribute 'pay'"),
        (["handlers_of_a_program:text"], "expected a function or a class; got str"),
        (["handlers_of_a_program:book", "7", "1"], "the consumer 'default' has no dead letter 7"),
    ],
)
@pytest.mark.usefixtures("store")
def test_wrong_arguments_of_replay(arguments: list[str], complaint: str) -> None:
    result = _run("replay", *arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_a_handler_that_needs_a_transaction_is_told(store: SqliteStore) -> None:
    assert "a dead letter has no transaction" in _run("replay", "handlers_of_a_program:book_in_transaction").stderr
    assert len(store.dead_letters("default")) == 3


def test_delete(store: SqliteStore) -> None:
    assert _run("delete", "2", "--yes").stdout == "1 dead letter deleted.\n"
    refused = _run("delete", input="n\n")
    assert refused.exit_code == 1
    assert "Delete 2 dead letters of the consumer 'default'?" in refused.stderr
    assert [each.number for each in store.dead_letters("default")] == [1, 3]
    listed = json.loads(_run("list", "--json").stdout)
    assert json.loads(_run("delete", "1", "--yes", "--json").stdout) == listed[:1]
    assert _run("delete", input="y\n").stdout.endswith("1 dead letter deleted.\n")
    assert store.dead_letters("default") == []
    assert _run("delete", "--yes").stdout == "0 dead letters deleted.\n"


def test_a_store_without_dead_letters_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FileStore("positions.json").set("default", {"/orders": 1})
    result = CliRunner().invoke(main, ["replay", "dead-letters", "list", "--store", "positions.json"])
    assert result.exit_code == 2
    assert "FileStore keeps no dead letters: expected a store such as 'sqlite:///positions.db'" in result.stderr
