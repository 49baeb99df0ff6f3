from __future__ import annotations

import asyncio

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux import Message, decode
from pybayeux.errors import TransportError
from pybayeux.transports.pending import Pending


def asked(*ids: str) -> list[Message]:
    return [Message(channel="/meta/subscribe", id=each) for each in ids]


def came(text: str) -> list[Message]:
    return decode(text.replace("'", '"'))


@in_virtual_time
async def test_an_exchange_is_over_when_every_message_has_its_answer() -> None:
    pending = Pending()
    over = pending.expect(asked("1", "2"))
    pending.answered(came("[{'channel':'/meta/subscribe','id':'2','successful':true}]"))
    assert not over.done()
    pending.answered(came("[{'channel':'/meta/subscribe','id':'1','successful':false}]"))
    assert over.done()
    pending.forget(over)


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
    pending = Pending()
    over = pending.expect(asked("1"))
    pending.answered(came(f"[{text}]"))
    assert over.done() is is_answer
    pending.forget(over)


@in_virtual_time
async def test_an_answer_that_comes_twice_counts_once() -> None:
    pending = Pending()
    one, other = pending.expect(asked("1")), pending.expect(asked("2"))
    answers = came("[{'channel':'/a','id':'1','successful':true},{'channel':'/a','id':'1','successful':true}]")
    pending.answered(answers)
    assert (one.done(), other.done()) == (True, False)
    pending.forget(other)


@in_virtual_time
async def test_nothing_is_waited_for_without_ids() -> None:
    assert Pending().expect([Message(channel="/a")]).done()


@in_virtual_time
async def test_a_failure_reaches_every_exchange() -> None:
    pending = Pending()
    exchanges = [pending.expect(asked("1", "2")), pending.expect(asked("3"))]
    error = TransportError("broken")
    pending.fail(error)
    assert [over.exception() for over in exchanges] == [error, error]


@in_virtual_time
async def test_a_failure_that_nobody_waits_for_is_no_complaint() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    pending = Pending()
    over = pending.expect(asked("1"))
    pending.fail(TransportError("broken"))
    pending.forget(over)
    del over
    assert complaints == []


@in_virtual_time
async def test_a_forgotten_exchange_has_no_answers() -> None:
    pending = Pending()
    over = pending.expect(asked("1"))
    pending.forget(over)
    pending.answered(came("[{'channel':'/a','id':'1','successful':true}]"))
    pending.fail(TransportError("broken"))
    assert over.cancelled()


@in_virtual_time
async def test_an_exchange_that_was_just_cancelled_needs_no_answer() -> None:
    pending = Pending()
    answered, failed = pending.expect(asked("1")), pending.expect(asked("2"))
    for over in (answered, failed):
        over.cancel()
    pending.answered(came("[{'channel':'/a','id':'1','successful':true}]"))
    pending.fail(TransportError("broken"))
    for over in (answered, failed):
        pending.forget(over)
        assert over.cancelled()
