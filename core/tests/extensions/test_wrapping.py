from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import pytest

from pybayeux import Drop, hookimpl
from pybayeux.errors import BayeuxError, ExtensionHookError, TransportError, UsageError
from pybayeux.extensions.catalogue import HookManager
from pybayeux.extensions.hook_function import hook_functions
from pybayeux.extensions.pipeline import Pipeline
from pybayeux.extensions.result_policy import Veto

Body = Callable[[], Generator[None, Any, Any]]


class Wrapping:
    def __init__(self, body: Body) -> None:
        self.body = body

    @hookimpl(wrapper=True)
    def outgoing(self, message: object) -> Generator[None, Any, Any]:
        return (yield from self.body())

    @hookimpl(wrapper=True)
    def incoming(self, message: object) -> Generator[None, Any, Any]:
        return (yield from self.body())


class Inner:
    """What is wrapped."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act = act

    @hookimpl
    def outgoing(self, message: object) -> object:
        return self.act()

    @hookimpl
    def incoming(self, message: object) -> object:
        return self.act()


class AsyncInner(Inner):
    @hookimpl
    async def outgoing(self, message: object) -> object:
        await asyncio.sleep(0)
        return self.act()

    @hookimpl
    async def incoming(self, message: object) -> object:
        await asyncio.sleep(0)
        return self.act()


@pytest.fixture(params=[Inner, AsyncInner], ids=["sync", "async"])
def inner(request: pytest.FixtureRequest) -> type[Inner]:
    """The wrapped implementation, plain or asynchronous."""
    kind: type[Inner] = request.param
    return kind


def run(hook: str, inner: Inner, *bodies: Body, report: Any = None) -> Any:
    """Call `inner` with the wrappers around it, the last one outermost in `outgoing`."""
    manager = HookManager()
    manager.register(inner, "inner")
    for number, body in enumerate(bodies):
        manager.register(Wrapping(body), f"w{number}")
    pipeline: Pipeline[..., Any] = Pipeline(
        hook, hook_functions(hook, getattr(manager.hook, hook).get_hookimpls()), report=report
    )
    if not pipeline.is_async:
        return pipeline.call([], None)

    async def awaited() -> Any:
        return await pipeline.acall([], None)

    return asyncio.run(awaited())


def fail() -> None:
    raise ValueError("no")


def nothing() -> None:
    return None


def around(seen: list[str], name: str) -> Body:
    def body() -> Generator[None, Any, Any]:
        seen.append(f"<{name}")
        result = yield
        seen.append(f"{name}>")
        return result

    return body


@pytest.mark.parametrize(("hook", "order"), [("outgoing", "<b <a inner a> b>"), ("incoming", "<a <b inner b> a>")])
def test_wrappers_are_skins_too(inner: type[Inner], hook: str, order: str) -> None:
    seen: list[str] = []
    run(hook, inner(lambda: seen.append("inner")), around(seen, "a"), around(seen, "b"), report=fail)
    assert " ".join(seen) == order


def test_veto_passes_with_the_name_of_its_extension(inner: type[Inner]) -> None:
    seen: list[str] = []
    assert run("outgoing", inner(lambda: Drop("why")), around(seen, "a")) == Veto("why", "inner")
    assert seen == ["<a", "a>"]


def test_wrapper_sees_a_drop_and_may_replace_it(inner: type[Inner]) -> None:
    def body() -> Generator[None, Any, Any]:
        result = yield
        assert isinstance(result, Drop)
        return Drop(f"{result.reason}, and more")

    assert run("outgoing", inner(lambda: Drop("why")), body) == Veto("why, and more", "w0")


def test_wrapper_may_lift_a_veto(inner: type[Inner]) -> None:
    def body() -> Generator[None, Any, Any]:
        yield

    assert run("outgoing", inner(lambda: Drop("why")), body) is None


def test_wrapper_sees_the_exception_as_it_was_raised(inner: type[Inner]) -> None:
    def body() -> Generator[None, Any, Any]:
        try:
            yield
        except ValueError as error:
            return Drop(str(error))

    assert run("outgoing", inner(fail), body) == Veto("no", "w0")


def test_exception_that_passes_a_wrapper_keeps_its_extension(inner: type[Inner]) -> None:
    with pytest.raises(ExtensionHookError) as caught:
        run("outgoing", inner(fail), around([], "a"), around([], "b"))
    assert caught.value.extension == "inner"
    assert type(caught.value.__cause__) is ValueError


def test_exception_of_a_wrapper_is_its_own(inner: type[Inner]) -> None:
    def body() -> Generator[None, Any, Any]:
        try:
            yield
        finally:
            raise KeyError("mine")

    with pytest.raises(ExtensionHookError) as caught:
        run("outgoing", inner(fail), body)
    assert caught.value.extension == "w0"
    assert isinstance(caught.value.__cause__, KeyError)


def test_stop_iteration_is_an_exception_like_any_other() -> None:
    with pytest.raises(ExtensionHookError) as caught:
        run("outgoing", Inner(lambda: next(iter(()))), around([], "a"))
    assert caught.value.extension == "inner"
    assert isinstance(caught.value.__cause__, StopIteration)


def before() -> Generator[None, Any, Any]:
    fail()
    yield


def after() -> Generator[None, Any, Any]:
    yield
    fail()


def never() -> Generator[None, Any, Any]:
    yield from ()


def twice() -> Generator[None, Any, Any]:
    yield
    yield


def wrong() -> Generator[None, Any, Any]:
    yield
    return True


BROKEN = pytest.mark.parametrize(
    ("body", "words"),
    [
        (before, "ValueError: no"),
        (after, "ValueError: no"),
        (never, "did not yield"),
        (twice, "yields more than once"),
        (wrong, "expected None or Drop, got bool"),
    ],
    ids=["before", "after", "never", "twice", "wrong"],
)


@BROKEN
def test_broken_wrapper_stops_outgoing(inner: type[Inner], body: Body, words: str) -> None:
    with pytest.raises(ExtensionHookError, match=words) as caught:
        run("outgoing", inner(nothing), body)
    assert caught.value.extension == "w0"


@BROKEN
def test_broken_wrapper_does_not_stop_incoming(inner: type[Inner], body: Body, words: str) -> None:
    seen: list[str] = []
    errors: list[ExtensionHookError] = []
    run("incoming", inner(lambda: seen.append("inner")), around(seen, "a"), body, report=errors.append)
    assert seen == ["<a", "inner", "a>"]
    (error,) = errors
    assert (error.extension, error.hook) == ("w1", "incoming")
    assert words in str(error)


@pytest.mark.parametrize("body", [before, after, never, twice])
def test_veto_in_incoming_survives_a_broken_wrapper(inner: type[Inner], body: Body) -> None:
    errors: list[ExtensionHookError] = []
    assert run("incoming", inner(lambda: Drop("why")), body, report=errors.append) == Veto("why", "inner")
    assert len(errors) == 1


def test_wrapper_around_a_failing_incoming_sees_no_exception(inner: type[Inner]) -> None:
    errors: list[ExtensionHookError] = []
    seen: list[str] = []
    assert run("incoming", inner(fail), around(seen, "a"), report=errors.append) is None
    assert seen == ["<a", "a>"]
    assert [error.extension for error in errors] == ["inner"]


def test_wrapper_can_clean_up_when_the_call_is_cancelled() -> None:
    seen: list[str] = []

    class Slow:
        @hookimpl
        async def incoming(self, message: object) -> None:
            await asyncio.Event().wait()

    def body() -> Generator[None, Any, Any]:
        try:
            yield
        finally:
            seen.append("cleaned")

    async def scenario() -> None:
        manager = HookManager()
        manager.register(Slow(), "slow")
        manager.register(Wrapping(body), "w")
        pipeline: Pipeline[..., Any] = Pipeline(
            "incoming", hook_functions("incoming", manager.hook.incoming.get_hookimpls()), report=print
        )
        task = asyncio.ensure_future(pipeline.acall([], None))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(scenario())
    assert seen == ["cleaned"]


def test_an_exception_that_is_a_result_was_not_raised() -> None:
    class Explains:
        @hookimpl
        def interpret_error(self, error: BayeuxError) -> BayeuxError:
            return UsageError("what it means")

    class Around:
        @hookimpl(wrapper=True)
        def interpret_error(self, error: BayeuxError) -> Generator[None, Any, Any]:
            found = yield
            return found

    manager = HookManager()
    manager.register(Explains(), "explains")
    manager.register(Around(), "around")
    pipeline: Pipeline[..., Any] = Pipeline(
        "interpret_error", hook_functions("interpret_error", manager.hook.interpret_error.get_hookimpls())
    )
    result: object = pipeline.call(TransportError("as it came"), None)
    assert isinstance(result, UsageError)
