from __future__ import annotations

from typing import Any

import pytest

from extensions.ack.tests.hooks import incoming
from pybayeux import Channel, Drop, Message, Redelivery
from pybayeux_ack import Ack


def _shake(ack: Ack, answer: Any = True, *, successful: bool = True) -> None:
    ack.outgoing(Message(channel=Channel.META_HANDSHAKE, id="1"))
    ext = None if answer is None else {"ack": answer}
    incoming(ack, Message(channel=Channel.META_HANDSHAKE, id="1", successful=successful, ext=ext))


def _connect(ack: Ack, connection_type: str = "websocket") -> dict[str, Any] | None:
    """The ext of a connect."""
    message = Message(channel=Channel.META_CONNECT, id="2", connection_type=connection_type)
    ack.outgoing(message)
    return message.ext


def _reply(ack: Ack, number: Any, *, successful: bool = True, accepting: bool = True) -> None:
    ext = None if number is None else {"ack": number}
    incoming(ack, Message(channel=Channel.META_CONNECT, id="2", successful=successful, ext=ext), accepting=accepting)


def _event(text: str) -> Message:
    return Message(channel="/orders", data={"text": text})


def test_the_handshake_offers_acknowledgement_and_keeps_other_members() -> None:
    message = Message(channel=Channel.META_HANDSHAKE, ext={"replay": True})
    Ack().outgoing(message)
    assert message.ext == {"replay": True, "ack": True}


def test_each_connect_carries_the_number_of_the_last_reply() -> None:
    ack = Ack()
    _shake(ack)
    assert _connect(ack) == {"ack": 0}
    _reply(ack, 1)
    assert _connect(ack) == {"ack": 1}
    _reply(ack, 4)
    assert _connect(ack) == {"ack": 4}
    assert (ack.supported, ack.batch) == (True, 4)


def test_other_messages_are_not_changed() -> None:
    ack = Ack()
    _shake(ack)
    for channel in (Channel.META_SUBSCRIBE, Channel.META_DISCONNECT, "/orders"):
        message = Message(channel=channel)
        ack.outgoing(message)
        assert message.ext is None


@pytest.mark.parametrize("answer", [None, False, {"enabled": False}, {"enabled": "true"}, 1, "true", {}])
def test_a_server_without_acknowledgement_gets_no_number(answer: Any) -> None:
    ack = Ack()
    _shake(ack, answer)
    assert _connect(ack) is None
    _reply(ack, 7)
    assert _connect(ack) is None
    assert (ack.supported, ack.batch) == (False, 0)


def test_a_failed_handshake_does_not_count() -> None:
    ack = Ack()
    _shake(ack, successful=False)
    assert _connect(ack) is None


def test_the_newer_form_of_the_reply_has_the_batch_delivered_with_the_handshake() -> None:
    ack = Ack()
    _shake(ack, {"enabled": True, "batch": 5})
    assert _connect(ack) == {"ack": 5}
    _shake(ack, {"enabled": True})
    assert _connect(ack) == {"ack": 0}


@pytest.mark.parametrize("number", [None, True, "9", 9.5, {"batch": 9}])
def test_a_value_that_is_not_a_number_is_ignored(number: Any) -> None:
    ack = Ack()
    _shake(ack)
    _reply(ack, 3)
    _reply(ack, number)
    assert _connect(ack) == {"ack": 3}


def test_a_failed_connect_does_not_count() -> None:
    ack = Ack()
    _shake(ack)
    _reply(ack, 3)
    _reply(ack, 9, successful=False)
    assert _connect(ack) == {"ack": 3}


def test_a_new_session_begins_from_zero() -> None:
    ack = Ack()
    _shake(ack)
    _connect(ack)
    incoming(ack, _event("a"))
    _reply(ack, 3, successful=False)
    _shake(ack)
    assert _connect(ack) == {"ack": 0}
    assert incoming(ack, _event("a")) is None  # the new session repeats nothing of the old one


def test_events_of_a_broken_connect_are_dropped_when_they_come_again() -> None:
    ack = Ack()
    _shake(ack)
    _connect(ack)
    assert incoming(ack, _event("a")) is None
    _reply(ack, None, successful=False)
    _connect(ack, "long-polling")  # the transport may change in the meantime
    assert isinstance(incoming(ack, _event("a")), Drop)
    assert incoming(ack, _event("b")) is None
    _reply(ack, 2)
    _connect(ack)
    assert incoming(ack, _event("a")) is None


def test_after_an_accepted_reply_without_a_number_no_event_is_a_repeat() -> None:
    ack = Ack()
    _shake(ack)
    _connect(ack)
    incoming(ack, _event("a"))
    _reply(ack, None)
    _connect(ack)
    assert incoming(ack, _event("a")) is None


def test_events_between_a_reply_and_the_next_connect_do_not_come_again() -> None:
    ack = Ack()
    _shake(ack)
    for number in range(3):
        _connect(ack)
        _reply(ack, number)
        assert incoming(ack, _event("a")) is None
    _connect(ack)
    assert incoming(ack, _event("a")) is None


def test_replies_that_are_accepted_whole_are_not_watched() -> None:
    ack = Ack()
    _shake(ack)
    for _ in range(2):
        _connect(ack, "long-polling")
        assert incoming(ack, _event("a")) is None


def test_replies_and_meta_messages_are_not_events() -> None:
    ack = Ack()
    _shake(ack)
    for _ in range(2):
        _connect(ack)
        assert incoming(ack, Message(channel="/orders", id="7", successful=True)) is None
        assert incoming(ack, Message(channel=Channel.META_DISCONNECT)) is None


def test_a_batch_that_the_client_does_not_accept_is_not_acknowledged() -> None:
    ack = Ack()
    _shake(ack)
    _reply(ack, 1)
    _reply(ack, 2, accepting=False)
    assert _connect(ack) == {"ack": 1}
    _reply(ack, 3)
    assert _connect(ack) == {"ack": 3}


def test_a_server_with_acknowledgement_redelivers() -> None:
    ack = Ack()
    assert ack.redelivery() is None
    _shake(ack)
    assert ack.redelivery() == Redelivery(request=None)
    _shake(ack, None)
    assert ack.redelivery() is None
