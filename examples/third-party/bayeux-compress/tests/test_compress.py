"""What is compressed, what comes back, and what is no good. The server is that of pybayeux-devserver."""

import json
import zlib
from base64 import b64encode
from typing import Any

import pytest

from bayeux_compress import MARK, Compress
from pybayeux import Client, Drop, Message
from pybayeux_devserver import BlockingServer

TEXT = {"text": "the same again, " * 100}


def packed(data: Any) -> str:
    return b64encode(zlib.compress(json.dumps(data).encode())).decode()


def test_event_arrives_as_it_was_sent(bayeux_server: BlockingServer) -> None:
    with Client(bayeux_server.url, extensions=[Compress()]) as client, client.subscribe("/news") as events:
        client.publish("/news", TEXT)
        event = next(events)
    assert event.data == TEXT
    assert event.ext is None
    [published] = bayeux_server.recorder.messages("/news")
    assert published["ext"] == {MARK: "zlib"}
    assert len(published["data"]) < len(str(TEXT)) / 10


@pytest.mark.parametrize(
    "message",
    [
        Message(channel="/news", data={"short": 1}),
        Message(channel="/service/call", data=TEXT),
        Message(channel="/meta/subscribe", subscription="/news"),
    ],
    ids=["small", "call", "meta"],
)
def test_other_messages_stay_as_they_are(message: Message) -> None:
    data = message.data
    Compress().outgoing(message)
    assert message.data is data
    assert message.ext is None


def test_the_ext_of_others_stays() -> None:
    message = Message(channel="/news", data=TEXT, ext={"token": "t"})
    Compress(level=9).outgoing(message)
    assert message.ext == {"token": "t", MARK: "zlib"}
    assert Compress().incoming(message) is None
    assert message.ext == {"token": "t"}


def test_an_event_without_the_mark_is_not_looked_at() -> None:
    message = Message(channel="/news", data=packed(TEXT))
    assert Compress().incoming(message) is None
    assert message.data == packed(TEXT)


@pytest.mark.parametrize(
    "data", [None, 7, "no base64!", "bm8gemxpYg==", packed(TEXT)[:40], packed("x" * 2000), packed("é")[:-4] + "AAAA"]
)
def test_what_cannot_be_restored_is_dropped_and_told(data: Any, caplog: pytest.LogCaptureFixture) -> None:
    dropped = Compress(limit=1900).incoming(Message(channel="/news", data=data, ext={MARK: "zlib"}))
    assert isinstance(dropped, Drop)
    assert dropped.reason.startswith("it is marked as compressed and cannot be restored: ")
    assert dropped.reason in caplog.text
