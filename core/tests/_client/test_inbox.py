from __future__ import annotations

from pybayeux import Message
from pybayeux._client.inbox import Inbox


def connect(**fields: str) -> Message:
    return Message(channel="/meta/connect", **fields)  # type: ignore[arg-type]


def put(inbox: Inbox, *batch: Message) -> None:
    inbox.put(batch, batch)


def test_a_batch_belongs_to_the_call_that_one_of_its_replies_answers() -> None:
    inbox = Inbox()
    held = inbox.open([connect(id="1")])
    publish = inbox.open([Message(channel="/a", id="2")])
    event, reply = Message(channel="/a", data=1, id="2"), Message(channel="/a", id="2", successful=True)
    put(inbox, event, reply)
    answer = connect(id="1")
    answer.successful = True
    put(inbox, answer, event)
    assert publish == [event, reply]
    assert held == [answer, event]


def test_an_event_with_the_id_of_a_publish_is_no_answer() -> None:
    inbox = Inbox()
    publish = inbox.open([Message(channel="/a", id="2")])
    event = Message(channel="/a", data=1, id="2")
    put(inbox, event)
    assert publish == []
    assert inbox.claim() == [event]
    assert inbox.claim() == []


def test_an_answer_without_an_id_is_known_by_its_channel() -> None:
    inbox = Inbox()
    received = inbox.open([connect(id="1")])
    answer = Message(channel="/meta/connect", successful=True)
    put(inbox, answer)
    assert received == [answer]
    assert answer.id == "1"


def test_what_was_dropped_is_not_returned() -> None:
    inbox = Inbox()
    received = inbox.open([connect(id="1")])
    answer = Message(channel="/meta/connect", id="1", successful=True)
    inbox.put([Message(channel="/a", data=1), answer], [answer])
    assert received == [answer]


def test_a_late_answer_belongs_to_no_call() -> None:
    inbox = Inbox()
    received = inbox.open([connect(id="1")])
    inbox.close(received)
    put(inbox, Message(channel="/meta/connect", id="1", successful=True))
    assert received == []


def test_a_refusal_without_a_channel_answers_the_only_request() -> None:
    inbox = Inbox()
    received = inbox.open([connect(id="1")])
    refusal = Message(channel="", successful=False, error="401::")
    put(inbox, refusal)
    assert received == [refusal]
    assert (refusal.channel, refusal.id) == ("/meta/connect", "1")
