from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.extensions.test_pipeline import CLIENT, Doing, compiled
from pybayeux import Advice, Drop, Message, decode, hookimpl
from pybayeux.errors import ExtensionHookError
from pybayeux.extensions.tracing import Step, StepTotals, is_logged, log_step, tracing_to
from pybayeux.transports.base import TransportRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

SECRET = "hunter2hunter2"


class Changing:
    """Does something with whatever a hook is given."""

    def __init__(self, change: Callable[[Any], None]) -> None:
        self.change = change

    @hookimpl
    def outgoing(self, message: Message) -> None:
        self.change(message)

    @hookimpl
    def request(self, request: TransportRequest) -> None:
        self.change(request)


def _noted(change: Callable[[Any], None], subject: object, hook: str = "outgoing") -> list[str]:
    """The changes that are told of one call."""
    steps: list[Step] = []
    with tracing_to(steps.append):
        pipeline = compiled(hook, Changing(change))
    pipeline.call(subject, CLIENT)
    [step] = steps
    return [str(each) for each in step.changes]


@contextmanager
def _collected() -> Iterator[list[Step]]:
    steps: list[Step] = []
    with tracing_to(steps.append):
        yield steps


def test_without_a_wish_the_function_itself_is_called() -> None:
    class Plain:
        @hookimpl
        def outgoing(self, message: object, client: object) -> None:
            raise AssertionError

    with pytest.raises(ExtensionHookError) as caught:
        compiled("outgoing", Plain()).call(None, CLIENT)
    trace = caught.value.__cause__.__traceback__  # type: ignore[union-attr]
    assert trace is not None
    assert trace.tb_next is not None
    assert trace.tb_next.tb_next is None  # the pipeline and the hook, nothing between


def test_a_step_has_extension_hook_subject_and_time() -> None:
    with _collected() as steps:
        compiled("outgoing", Doing(lambda: None)).call(Message(channel="/a"), CLIENT)
    [step] = steps
    assert (step.extension, step.hook, step.subject) == ("e0", "outgoing", "/a")
    assert step.microseconds > 0
    assert str(step).startswith("e0 outgoing /a: ")
    assert str(step).endswith(" µs, no change")


def _acknowledge(message: Message) -> None:
    message.ext = {"ack": 7, "com.example.sig": SECRET, "deep": {"on": True, "name": SECRET}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            _acknowledge,
            [
                "ext.ack absent -> 7",
                "ext.com.example.sig absent -> ***",
                "ext.deep.on absent -> true",
                "ext.deep.name absent -> ***",
            ],
        ),
        (lambda message: setattr(message, "timestamp", "now"), ['timestamp absent -> "now"']),
        (lambda message: setattr(message, "client_id", SECRET), ["client_id *** -> ***"]),
        (lambda message: setattr(message, "advice", Advice(timeout=0)), ["advice.timeout absent -> 0"]),
        (lambda message: message.extra.update(more=1), ["more absent -> 1"]),
        (lambda message: message.data.update(n=2), ["data.n 1 -> 2"]),
        (lambda message: message.data.pop("n"), ["data.n 1 -> absent"]),
        (lambda message: message.data.update(password=SECRET), ["data.password absent -> ***"]),
        (lambda message: message.data, []),
        (lambda message: message.data.update(text="hello"), ["data.text absent -> <5 characters>"]),
        (lambda message: message.data.update(l=[SECRET, {"x": SECRET}]), ['data.l absent -> ["***",{"x":"***"}]']),
        (
            lambda message: setattr(message, "data", {1, object}),
            ["data.n 1 -> absent", "data.list [1,{}] -> absent", "data absent -> null"],
        ),
    ],
)
def test_changes_of_a_message_are_traced_without_secrets(change: Callable[[Any], None], expected: list[str]) -> None:
    [message] = decode(b'[{"channel": "/a", "clientId": "abcdefgh", "data": { "n" : 1, "list": [1, {}] }}]')
    assert _noted(change, message) == expected


def test_changes_of_a_request_are_traced_by_name() -> None:
    def change(request: TransportRequest) -> None:
        request.headers["Authorization"] = f"Bearer {SECRET}"
        request.url = f"http://other/?key={SECRET}"

    request = TransportRequest("http://host/cometd", httpx.Headers({"X-Old": "1"}), "long-polling")
    assert _noted(change, request, "request") == [
        'url "http://host/cometd" -> "http://other/"',
        "query.key absent -> ***",
        "header.authorization absent -> ***",
    ]


def test_drops_and_exceptions_are_traced() -> None:
    def fail() -> None:
        raise ValueError(f"password={SECRET}")

    with _collected() as steps:
        dropping, failing = compiled("outgoing", Doing(lambda: Drop("why"))), compiled("outgoing", Doing(fail))
    dropping.call(Message(channel="/a"), CLIENT)
    with pytest.raises(ExtensionHookError):
        failing.call(Message(channel="/a"), CLIENT)
    assert [(step.dropped, step.error) for step in steps] == [("why", None), (None, "ValueError: password=***")]


def test_batches_wrappers_and_coroutines_are_traced() -> None:
    class Slow:
        @hookimpl
        async def outgoing(self, message: Message) -> None:
            await asyncio.sleep(0)
            message.id = "7"

    class Around:
        @hookimpl(wrapper=True)
        def outgoing(self, message: Message) -> Generator[None, Any, Any]:
            message.version = "1.0"
            return (yield)

    async def send(pipeline: Any) -> None:
        await pipeline.acall(Message(channel="/a"), CLIENT)

    with _collected() as steps:
        waiting, batch = compiled("outgoing", Slow(), Around()), compiled("incoming", Doing(lambda: None))
    asyncio.run(send(waiting))
    batch.call_batch([Message(channel="/b"), Message(channel="/c")], CLIENT)
    told = [(step.extension, step.subject, [change.path for change in step.changes]) for step in steps]
    assert told == [
        ("e0", "/a", [("id",)]),
        ("e1", "/a", [("version",), ("id",)]),
        ("e0", "/b", []),
        ("e0", "/c", []),
    ]


def test_what_cannot_be_looked_at_is_no_failure() -> None:
    class Odd:
        url = property(lambda self: 1 / 0)
        headers: Any = None

    with _collected() as steps:
        compiled("delivered", Doing(lambda: None)).call(Odd(), CLIENT)
        compiled("outgoing", Doing(lambda: None)).call(None, CLIENT)
    assert [step.changes for step in steps] == [(), ()]


@pytest.mark.parametrize(("value", "lines"), [("1", 1), ("0", 0), ("", 0)])
def test_the_environment_asks_for_the_log(
    value: str, lines: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYBAYEUX_TRACE", value)
    with caplog.at_level(logging.INFO, "pybayeux.trace"):
        compiled("outgoing", Doing(lambda: None)).call(Message(channel="/a"), CLIENT)
    assert len(caplog.records) == lines


def test_the_sum_of_what_calls_took_has_the_dearest_first() -> None:
    totals = StepTotals()
    for extension, hook, microseconds in [("a", "incoming", 100), ("b", "outgoing", 900), ("a", "incoming", 300)]:
        totals(Step(extension, hook, "/x", microseconds))
    assert totals.lines() == ["in all: b outgoing: 1 call, 0.9 ms", "in all: a incoming: 2 calls, 0.4 ms"]
    assert totals.lines(without="b") == ["in all: a incoming: 2 calls, 0.4 ms"]


def test_a_call_that_is_given_up_is_not_traced() -> None:
    class Waiting:
        @hookimpl
        async def outgoing(self, message: Message) -> None:
            await asyncio.sleep(0)

    with _collected() as steps:
        pipeline = compiled("outgoing", Waiting())
    call: Any = pipeline.acall(Message(channel="/a"), CLIENT)
    call.send(None)
    call.close()
    assert steps == []


def test_what_json_cannot_express_is_told_by_its_type() -> None:
    def change(message: Message) -> None:
        message.channel = "/\ud800"

    assert _noted(change, Message(channel="/a")) == ['channel "/a" -> <str>']


def test_calls_are_logged_where_the_environment_or_the_program_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYBAYEUX_TRACE", raising=False)
    assert not is_logged()
    with tracing_to(log_step):
        assert is_logged()
    monkeypatch.setenv("PYBAYEUX_TRACE", "1")
    assert is_logged()
