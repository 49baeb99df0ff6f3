from __future__ import annotations

import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from pybayeux import Message
from pybayeux.errors import UsageError
from pybayeux.testing import Harness, in_virtual_time
from pybayeux_cassette import CassetteError, Recorder, Redaction, read_cassette

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "night.jsonl"


def test_events_are_in_the_file_as_soon_as_they_are_written(path: Path) -> None:
    now = [100.0]
    stamped = {"number": 1, "event": {"replayId": 7, "EventUuid": "u-1"}}
    with Recorder(path, ["/orders"], redaction=Redaction(remove=["note"]), clock=lambda: now[0]) as recorder:
        now[0] += 1.25
        recorder.write(
            Message(channel="/orders", data={**stamped, "note": "x"}, ext={"tenant": "acme", "token": "t0ken"})
        )
        [event] = read_cassette(path).events
        assert recorder.size == path.stat().st_size
    assert (event.at, event.channel, event.data) == (1.25, "/orders", stamped)
    assert (event.replay_id, event.event_id) == (7, "u-1")
    assert event.ext is not None
    assert event.ext["tenant"] == "acme"
    assert event.ext["token"].startswith("redacted-")
    header = read_cassette(path).header
    assert (header.channels, header.redacted, header.removed) == (("/orders",), (), ("note",))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_id_that_is_redacted_is_none_any_more(path: Path) -> None:
    redaction = Redaction(redact=["EventUuid"], remove=["replayId"])
    with Recorder(path, redaction=redaction) as recorder:
        recorder.write(Message(channel="/orders", data={"event": {"replayId": 7, "EventUuid": "u-1"}}))
    [event] = read_cassette(path).events
    assert event.replay_id is None
    assert event.event_id == event.data["event"]["EventUuid"] != "u-1"


def test_a_file_that_exists_is_not_replaced(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(UsageError, match="exists already"), Recorder(path):
        pass
    assert path.read_text() == "precious"
    with Recorder(path, overwrite=True):
        pass
    assert list(read_cassette(path)) == []


def test_nothing_is_recorded_outside_of_the_block(path: Path) -> None:
    recorder = Recorder(path)
    with pytest.raises(UsageError, match="before the recorder's block"):
        recorder.write(Message(channel="/orders", data=1))
    assert not path.exists()


@pytest.mark.parametrize("raw", [object(), msgspec.Raw(b"[" * 100_000 + b"]" * 100_000), msgspec.Raw(b"nonsense")])
def test_data_that_is_no_json_is_refused_and_nothing_else(path: Path, raw: object) -> None:
    with Recorder(path) as recorder:
        with pytest.raises(CassetteError, match="/orders: the data cannot be recorded"):
            recorder.write(Message(channel="/orders", data=raw))
        recorder.write(Message(channel="/orders", data={"number": 2**70}))
    assert [each.data for each in read_cassette(path).events] == [{"number": 2**70}]


@in_virtual_time
async def test_as_an_extension_it_records_incidents_and_masks_credentials(path: Path) -> None:
    recorder = Recorder(path)
    headers = {"Authorization": "Bearer t0ps3cr3t"}
    async with Harness(recorder, headers=headers) as harness:
        with recorder:
            await harness.subscribe("/orders", recorder.write)
            await harness.subscribe("/of/*", recorder.write)
            harness.server.push("/orders", {"text": "my t0ps3cr3t, in session-1"})
            await harness.settle()
            harness.server.fail()
            await harness.clock.advance(60)
            harness.server.push("/orders", {"text": "after"})
            harness.server.push("/of/session-1", {"text": "private"})
            await harness.settle()
    assert harness.failures
    assert [each.state for each in read_cassette(path).states] == ["unconnected", "connected"]
    assert [each.data["text"] for each in read_cassette(path).events] == ["my ***, in ***", "after", "private"]
    assert [each.channel for each in read_cassette(path).events] == ["/orders", "/orders", "/of/redacted"]


def test_a_kill_leaves_a_file_that_can_be_read(path: Path) -> None:
    program = f"""
from pybayeux import Message
from pybayeux_cassette import Recorder
with Recorder({str(path)!r}) as recorder:
    for number in range(10**9):
        recorder.write(Message(channel="/orders", data={{"number": number}}))
        if number == 100:
            print(flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        assert process.wait() == -signal.SIGKILL
    numbers = [event.data["number"] for event in read_cassette(path).events]
    assert len(numbers) > 100
    assert numbers == list(range(len(numbers)))
