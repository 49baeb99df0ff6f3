"""What is encrypted, who can read it, and what becomes of the rest. The server is that of pybayeux-devserver."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from bayeux_encrypt import MARK, Encrypt
from pybayeux import Client, Drop, Message
from pybayeux_devserver import BlockingServer

KEY = b64encode(bytes(32)).decode()
OTHER_KEY = b64encode(bytes(range(32))).decode()
SECRET = {"text": "for your eyes only"}


def encrypted(channel: str = "/news", data: Any = SECRET) -> Message:
    message = Message(channel=channel, data=data)
    Encrypt(KEY).outgoing(message)
    return message


def test_event_arrives_as_it_was_sent(bayeux_server: BlockingServer) -> None:
    with Client(bayeux_server.url, extensions=[Encrypt(KEY)]) as client, client.subscribe("/news") as events:
        client.publish("/news", SECRET)
        event = next(events)
    assert event.data == SECRET
    assert event.ext is None
    [published] = bayeux_server.recorder.messages("/news")
    assert published["ext"] == {MARK: "AES-GCM"}
    assert b"eyes" not in b64decode(published["data"])


def test_nobody_gets_what_the_key_does_not_open(
    bayeux_server: BlockingServer, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        Client(bayeux_server.url, extensions=[Encrypt(KEY)]) as sender,
        Client(bayeux_server.url, extensions=[Encrypt(OTHER_KEY)]) as receiver,
        receiver.subscribe("/news") as events,
    ):
        sender.publish("/news", SECRET)
        bayeux_server.publish("/news", "in the open")
        assert next(events).data == "in the open"
    assert "an event of /news is dropped: it was encrypted with another key, or changed on the way" in caplog.text


@pytest.mark.parametrize("data", [SECRET, [], "", 0, False, None, "ü€"])
def test_any_data_comes_back(data: Any) -> None:
    message = encrypted(data=data)
    assert isinstance(message.data, str)
    assert Encrypt(KEY).incoming(message) is None
    assert message.data == data


def test_the_same_data_never_looks_the_same() -> None:
    assert encrypted().data != encrypted().data


@pytest.mark.parametrize(
    "message",
    [Message(channel="/service/call", data=SECRET), Message(channel="/meta/subscribe", subscription="/news")],
    ids=["call", "meta"],
)
def test_other_messages_stay_as_they_are(message: Message) -> None:
    data = message.data
    Encrypt(KEY).outgoing(message)
    assert message.data is data
    assert message.ext is None


def test_the_ext_of_others_stays() -> None:
    message = Message(channel="/news", data=SECRET, ext={"token": "t"})
    Encrypt(KEY).outgoing(message)
    assert message.ext == {"token": "t", MARK: "AES-GCM"}
    assert Encrypt(KEY).incoming(message) is None
    assert message.ext == {"token": "t"}


def test_a_changed_message_is_dropped() -> None:
    message = encrypted()
    message.data = message.data[:-4] + ("AAAA" if message.data[-4:] != "AAAA" else "BBBB")
    assert "changed on the way" in reason(Encrypt(KEY).incoming(message))


def test_a_message_moved_to_another_channel_is_dropped() -> None:
    message = encrypted("/news")
    message.channel = "/orders"
    assert "changed on the way" in reason(Encrypt(KEY).incoming(message))


@pytest.mark.parametrize("data", [None, 7, "no base64!", "", "AAAA", b64encode(bytes(20)).decode()])
def test_what_is_no_encrypted_data_is_dropped(data: Any, caplog: pytest.LogCaptureFixture) -> None:
    why = reason(Encrypt(KEY).incoming(Message(channel="/news", data=data, ext={MARK: "AES-GCM"})))
    assert why in caplog.text


def test_unencrypted_events_pass_unless_that_is_forbidden() -> None:
    message = Message(channel="/news", data=SECRET)
    assert Encrypt(KEY).incoming(message) is None
    assert "not encrypted" in reason(Encrypt(KEY, strict=True).incoming(message))
    assert Encrypt(KEY, strict=True).incoming(Message(channel="/news", successful=True)) is None


@pytest.mark.parametrize("key", ["", "secret", "AAAA", KEY + "!"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Encrypt(key)


def reason(dropped: Drop | None) -> str:
    assert dropped is not None
    return dropped.reason
