from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Drop, Redelivery, hookimpl
from pybayeux.errors import ExtensionHookError
from pybayeux.extensions.catalogue import HookManager
from pybayeux.extensions.hook_function import hook_functions
from pybayeux.extensions.pipeline import Pipeline
from pybayeux.extensions.result_policy import Veto

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

CLIENT = object()


def compiled(hook: str, *extensions: object, report: Any = None) -> Pipeline[..., Any]:
    manager = HookManager()
    for number, extension in enumerate(extensions):
        manager.register(extension, f"e{number}")
    return Pipeline(hook, hook_functions(hook, getattr(manager.hook, hook).get_hookimpls()), report=report)


class Tracer:
    """Writes its name into the message, on the way out and in."""

    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    def outgoing(self, message: list[str], client: object) -> None:
        message.append(self.name)

    @hookimpl
    def incoming(self, message: list[str], client: object) -> None:
        message.append(self.name)

    @hookimpl
    def request(self, request: list[str]) -> None:
        request.append(self.name)

    @hookimpl
    def response(self, response: list[str]) -> None:
        response.append(self.name)


class First(Tracer):
    @hookimpl(tryfirst=True)
    def outgoing(self, message: list[str], client: object) -> None:
        message.append(self.name)

    @hookimpl(tryfirst=True)
    def incoming(self, message: list[str], client: object) -> None:
        message.append(self.name)


class Last(Tracer):
    @hookimpl(trylast=True)
    def outgoing(self, message: list[str], client: object) -> None:
        message.append(self.name)

    @hookimpl(trylast=True)
    def incoming(self, message: list[str], client: object) -> None:
        message.append(self.name)


class Waiting(Tracer):
    @hookimpl
    async def outgoing(self, message: list[str], client: object) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        message.append(self.name)


class Doing:
    """Does one thing in every hook of messages."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    @hookimpl
    def outgoing(self, message: object) -> object:
        return self.act()

    @hookimpl
    def incoming(self, message: object) -> object:
        return self.act()

    @hookimpl
    def delivered(self, message: object) -> object:
        return self.act()


def fail() -> None:
    raise ValueError("no")


@pytest.mark.parametrize(
    ("hook", "order"), [("outgoing", "BA"), ("incoming", "AB"), ("request", "BA"), ("response", "AB")]
)
def test_extensions_lie_around_the_client_like_an_onion(hook: str, order: str) -> None:
    seen: list[str] = []
    compiled(hook, Tracer("A"), Tracer("B")).call(seen, CLIENT)
    assert "".join(seen) == order


@pytest.mark.parametrize(("hook", "order"), [("outgoing", "FBAL"), ("incoming", "FABL")])
def test_first_and_last_keep_their_meaning(hook: str, order: str) -> None:
    seen: list[str] = []
    compiled(hook, Last("L"), Tracer("A"), First("F"), Tracer("B")).call(seen, CLIENT)
    assert "".join(seen) == order


def test_empty_pipeline_does_nothing() -> None:
    pipeline = compiled("outgoing")
    assert pipeline.is_empty
    assert not pipeline.is_async
    assert pipeline.call([], CLIENT) is None
    assert asyncio.run(_awaited(pipeline.acall([], CLIENT))) is None
    assert pipeline.call_batch([1, 2], CLIENT) == [None, None]


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


def test_fewer_arguments_in_any_order() -> None:
    seen: list[Any] = []

    class Picky:
        @hookimpl
        def outgoing(self) -> None:
            seen.append(())

        @hookimpl
        def incoming(self, client: object, message: object) -> None:
            seen.append((client, message))

        @hookimpl
        def delivered(self, client: object) -> None:
            seen.append((client,))

        @hookimpl
        def state_changed(self, client: object, old: object) -> None:
            seen.append((client, old))

        @hookimpl
        def register_transports(self, registry: object) -> None:
            seen.append((registry,))

    for hook, arguments in {
        "outgoing": "mc",
        "incoming": "mc",
        "delivered": "mc",
        "state_changed": "onc",
        "register_transports": "r",
    }.items():
        compiled(hook, Picky()).call(*arguments)
    assert seen == [(), ("c", "m"), ("c",), ("c", "o"), ("r",)]


def test_batch_is_one_call_for_each() -> None:
    drops = iter([Drop("a"), None, Drop("b")])
    pipeline = compiled("incoming", Doing(lambda: next(drops)), report=fail)
    assert pipeline.call_batch(["x", "y", "z"], CLIENT) == [Veto("a", "e0"), None, Veto("b", "e0")]


def test_drop_ends_the_call_and_names_its_extension() -> None:
    seen: list[str] = []
    pipeline = compiled("outgoing", Tracer("late"), Doing(lambda: Drop("why")), Tracer("early"))
    assert pipeline.call(seen, CLIENT) == Veto("why", "e1")
    assert seen == ["early"]


def test_exception_in_outgoing_names_extension_and_hook() -> None:
    with pytest.raises(ExtensionHookError, match=r"extension 'e0' failed in outgoing: ValueError: no") as caught:
        compiled("outgoing", Doing(fail)).call([], CLIENT)
    assert (caught.value.extension, caught.value.hook) == ("e0", "outgoing")
    assert isinstance(caught.value.__cause__, ValueError)


def test_exception_in_incoming_is_reported_and_the_message_goes_on() -> None:
    seen: list[str] = []
    errors: list[ExtensionHookError] = []
    compiled("incoming", Doing(fail), Tracer("next"), report=errors.append).call(seen, CLIENT)
    assert seen == ["next"]
    assert [(error.extension, error.hook) for error in errors] == [("e0", "incoming")]
    assert isinstance(errors[0].__cause__, ValueError)


def test_secret_in_an_exception_is_masked() -> None:
    def leak() -> None:
        raise ValueError("password=abcdefgh")

    with pytest.raises(ExtensionHookError) as caught:
        compiled("outgoing", Doing(leak)).call([], CLIENT)
    assert "abcdefgh" not in str(caught.value)


@pytest.mark.parametrize("result", [True, False, 0, [], "text"])
def test_other_results_are_an_error_at_once(result: object) -> None:
    with pytest.raises(ExtensionHookError, match=f"expected None or Drop, got {type(result).__name__}"):
        compiled("outgoing", Doing(lambda: result)).call([], CLIENT)


def test_drop_means_nothing_elsewhere() -> None:
    errors: list[ExtensionHookError] = []
    assert compiled("delivered", Doing(lambda: Drop("why")), report=errors.append).call([], CLIENT) is None
    assert "expected None, got Drop" in str(errors[0])


def test_results_of_hooks_with_other_arguments_are_looked_at_too() -> None:
    class Answering:
        @hookimpl
        def state_changed(self, old: str, new: str, client: object) -> str:
            return new

    errors: list[ExtensionHookError] = []
    compiled("state_changed", Answering(), report=errors.append).call("old", "new", CLIENT)
    assert "expected None, got str" in str(errors[0])


def test_forgotten_coroutine_is_an_error_without_a_second_warning() -> None:
    async def work() -> None: ...

    with pytest.raises(ExtensionHookError, match="got coroutine"):
        compiled("outgoing", Doing(work)).call([], CLIENT)


def test_async_implementation_is_awaited_in_its_place() -> None:
    seen: list[str] = []
    pipeline = compiled("outgoing", Tracer("after"), Waiting("waits"), Tracer("before"))
    assert pipeline.is_async
    assert asyncio.run(_awaited(pipeline.acall(seen, CLIENT))) is None
    assert seen == ["before", "waits", "after"]


def test_plain_pipeline_can_be_awaited() -> None:
    pipeline = compiled("outgoing", Doing(lambda: Drop("why")))
    assert not pipeline.is_async
    assert asyncio.run(_awaited(pipeline.acall([], CLIENT))) == Veto("why", "e0")


def test_decorated_coroutine_function_is_awaited() -> None:
    def decorated(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        @functools.wraps(function)
        def around(*args: Any) -> Awaitable[None]:
            return function(*args)

        return around

    class Decorated:
        @hookimpl
        @decorated
        async def outgoing(self, message: list[str]) -> None:
            message.append("done")

    seen: list[str] = []
    pipeline = compiled("outgoing", Decorated())
    assert pipeline.is_async
    asyncio.run(_awaited(pipeline.acall(seen, CLIENT)))
    assert seen == ["done"]


def test_exception_in_an_async_implementation() -> None:
    class Failing:
        @hookimpl
        async def outgoing(self) -> None:
            fail()

        @hookimpl
        async def incoming(self) -> None:
            fail()

    with pytest.raises(ExtensionHookError, match="outgoing"):
        asyncio.run(_awaited(compiled("outgoing", Failing()).acall([], CLIENT)))
    errors: list[ExtensionHookError] = []
    seen: list[str] = []
    pipeline = compiled("incoming", Failing(), Tracer("next"), report=errors.append)
    asyncio.run(_awaited(pipeline.acall(seen, CLIENT)))
    assert (seen, len(errors)) == (["next"], 1)


def test_cancellation_is_no_failure_of_the_extension() -> None:
    errors: list[ExtensionHookError] = []

    class Slow:
        @hookimpl
        async def incoming(self) -> None:
            await asyncio.Event().wait()

    async def scenario() -> None:
        pipeline = compiled("incoming", Slow(), report=errors.append)
        task = asyncio.ensure_future(pipeline.acall([], CLIENT))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(scenario())
    assert errors == []


def test_a_batch_goes_through_wrappers_message_by_message() -> None:
    class Around:
        @hookimpl(wrapper=True)
        def incoming(self, message: list[str]) -> Generator[None, Any, Any]:
            message.append("(")
            result = yield
            message.append(")")
            return result

    messages: list[list[str]] = [[], []]
    assert compiled("incoming", Tracer("a"), Around()).call_batch(messages, CLIENT) == [None, None]
    assert messages == [["(", "a", ")"], ["(", "a", ")"]]


def test_a_pipeline_has_nothing_but_its_calls() -> None:
    pipeline = compiled("incoming", Tracer("a"))
    with pytest.raises(AttributeError, match="a pipeline has no 'calls'"):
        pipeline.calls  # noqa: B018


def test_what_an_extension_returned_for_later_fails_in_its_name() -> None:
    class Rewinding:
        @hookimpl
        def redelivery(self, client: object) -> Redelivery:
            return Redelivery(lambda: [].pop())

    errors: list[ExtensionHookError] = []
    found = compiled("redelivery", Rewinding(), report=errors.append).call(CLIENT)
    found.request()
    assert [str(error) for error in errors] == ["extension 'e0' failed in redelivery: IndexError: pop from empty list"]
