from __future__ import annotations

import asyncio

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux import Message, decode
from pybayeux.errors import TransportError
from pybayeux.transports.open_socket import PendingExchanges


def asked(*ids: str) -> list[Message]:
    return [Message(channel="/meta/subscribe", id=each) for each in ids]


def came(text: str) -> list[Message]:
    return decode(text.replace("'", '"'))


@in_virtual_time
async def test_an_exchange_is_over_when_every_message_has_its_answer() -> None:
    pending = PendingExchanges()
    replied = pending.expect(asked("1", "2"))
    pending.receive(came("[{'channel':'/meta/subscribe','id':'2','successful':true}]"))
    assert not replied.done()
    pending.receive(came("[{'channel':'/meta/subscribe','id':'1','successful':false}]"))
    assert replied.done()
    pending.forget(replied)


@pytest.mark.parametrize(
    ("text", "is_answer"),
    [
        ("{'channel':'/a','id':'1','successful':true}", True),
        ("{'channel':'/a','id':'1','successful':false,'error':'403::no'}", True),
        ("{'channel':'/a','id':'1','successful':true,'data':{}}", True),
        ("{'channel':'/meta/connect','id':'1'}", True),
        ("{'channel':'/a','id':'1'}", True),
        ("{'channel':'/a','id':'1','data':1}", False),
        ("{'channel':'/a','id':'1','data':null}", False),
        ("{'channel':'/a','id':'2','successful':true}", False),
        ("{'channel':'/a','successful':true}", False),
    ],
)
@in_virtual_time
async def test_answers_are_told_from_events(text: str, is_answer: bool) -> None:
    pending = PendingExchanges()
    replied = pending.expect(asked("1"))
    pending.receive(came(f"[{text}]"))
    assert replied.done() is is_answer
    pending.forget(replied)


@in_virtual_time
async def test_an_answer_that_comes_twice_counts_once() -> None:
    pending = PendingExchanges()
    one, other = pending.expect(asked("1")), pending.expect(asked("2"))
    answers = came("[{'channel':'/a','id':'1','successful':true},{'channel':'/a','id':'1','successful':true}]")
    pending.receive(answers)
    assert (one.done(), other.done()) == (True, False)
    pending.forget(other)


@in_virtual_time
async def test_nothing_is_waited_for_without_ids() -> None:
    assert PendingExchanges().expect([Message(channel="/a")]).done()


@in_virtual_time
async def test_a_failure_reaches_every_exchange() -> None:
    pending = PendingExchanges()
    exchanges = [pending.expect(asked("1", "2")), pending.expect(asked("3"))]
    error = TransportError("broken")
    pending.fail(error)
    assert [replied.exception() for replied in exchanges] == [error, error]


@in_virtual_time
async def test_a_failure_without_a_waiter_is_not_logged_by_the_loop() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    pending = PendingExchanges()
    replied = pending.expect(asked("1"))
    pending.fail(TransportError("broken"))
    pending.forget(replied)
    del replied
    assert complaints == []


@in_virtual_time
async def test_a_forgotten_exchange_has_no_answers() -> None:
    pending = PendingExchanges()
    replied = pending.expect(asked("1"))
    pending.forget(replied)
    pending.receive(came("[{'channel':'/a','id':'1','successful':true}]"))
    pending.fail(TransportError("broken"))
    assert replied.cancelled()


@in_virtual_time
async def test_an_exchange_that_was_just_cancelled_needs_no_answer() -> None:
    pending = PendingExchanges()
    answered, failed = pending.expect(asked("1")), pending.expect(asked("2"))
    for replied in (answered, failed):
        replied.cancel()
    pending.receive(came("[{'channel':'/a','id':'1','successful':true}]"))
    pending.fail(TransportError("broken"))
    for replied in (answered, failed):
        pending.forget(replied)
        assert replied.cancelled()
