"""Random sets of implementations: a pipeline does what pluggy does, `incoming` what its mirror image does."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux import Drop, hookimpl
from pybayeux.errors import ExtensionHookError
from pybayeux.extensions.catalogue import HookManager
from pybayeux.extensions.hook_function import hook_functions
from pybayeux.extensions.pipeline import Pipeline
from pybayeux.extensions.tracing import Step, tracing_to

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

Trace: TypeAlias = list[tuple[str, str]]
Outcome: TypeAlias = tuple[str, str | None]
"""What came of a call, and which extension is to thank for it."""

ARGUMENTS = [("message", "client"), ("client", "message"), ("message",), ("client",), ()]


class OneError(Exception):
    pass


class OtherError(Exception):
    pass


@dataclass(frozen=True)
class Plan:
    """What one implementation is like and what it does."""

    is_wrapper: bool
    is_async: bool
    place: str
    arguments: tuple[str, ...]
    act: str
    """Of a plain one or of a wrapper before it yields: ``pass``, ``drop``, ``raise``, ``stop``."""
    react: str
    """Of a wrapper with what it got: ``pass``, ``lift``, ``drop``, ``raise``, ``swallow``."""

    @property
    def fails(self) -> bool:
        """True where it raises before anything else happens."""
        return self.act == "raise" or (self.act == "stop" and self.can_stop)

    @property
    def can_stop(self) -> bool:
        """Python itself turns a StopIteration from a generator or a coroutine into something else."""
        return not self.is_async and not self.is_wrapper


plans = st.builds(
    Plan,
    is_wrapper=st.booleans(),
    is_async=st.booleans(),
    place=st.sampled_from(["first", "any", "last"]),
    arguments=st.sampled_from(ARGUMENTS),
    act=st.sampled_from(["pass", "pass", "pass", "drop", "raise", "stop"]),
    react=st.sampled_from(["pass", "pass", "lift", "drop", "raise", "swallow"]),
)


def act(plan: Plan, name: str, trace: Trace) -> Drop | None:
    trace.append((name, "acts"))
    if plan.fails:
        raise OneError(name) if plan.act == "raise" else StopIteration(name)
    return Drop(name) if plan.act == "drop" and not plan.is_wrapper else None


def wrap(plan: Plan, name: str, trace: Trace) -> Generator[None, Any, Any]:
    act(plan, name, trace)
    try:
        result = yield
    except OneError:
        trace.append((name, "caught"))
        if plan.react == "swallow":
            return None
        raise
    trace.append((name, f"got {result.reason if result else result}"))
    match plan.react:
        case "raise":
            raise OtherError(name)
        case "drop":
            return Drop(name)
        case "lift":
            return None
    return result


def implementation(plan: Plan, name: str, trace: Trace, *, allow_async: bool) -> Any:
    """A function with exactly the arguments of the plan, as an extension's author would write it."""

    async def wait() -> Drop | None:
        await asyncio.sleep(0)
        return act(plan, name, trace)

    is_async = plan.is_async and allow_async and not plan.is_wrapper
    namespace: dict[str, Any] = {"wrap": lambda: wrap(plan, name, trace), "act": lambda: act(plan, name, trace)}
    namespace["wait"], namespace["check"] = wait, check_arguments
    body = "return (yield from wrap())" if plan.is_wrapper else "return await wait()" if is_async else "return act()"
    picked = ", ".join(plan.arguments)
    source = f"{'async ' if is_async else ''}def function({picked}):\n    check(locals())\n    {body}"
    exec(source, namespace)
    return namespace["function"]


def check_arguments(given: dict[str, object]) -> None:
    assert all(value == name for name, value in given.items()), "arguments go by name"


def manager_of(hook: str, sets: list[tuple[str, Plan]], trace: Trace, *, allow_async: bool = False) -> HookManager:
    manager = HookManager()
    for name, plan in sets:
        function = implementation(plan, name, trace, allow_async=allow_async)
        marked = hookimpl(wrapper=plan.is_wrapper, tryfirst=plan.place == "first", trylast=plan.place == "last")(
            function
        )
        manager.register(type(name, (), {hook: staticmethod(marked)})(), name)
    return manager


def outcome_of(call: Callable[[], Drop | None]) -> Outcome:
    """The outcome, told by reason or exception: both are the name of the extension that they come from."""
    try:
        result = call()
    except ExtensionHookError as error:
        return (f"{type(error.__cause__).__name__} {error.__cause__}", error.extension)
    except Exception as error:
        return (f"{type(error).__name__} {error}", str(error))
    if result is None:
        return ("passed", None)
    return (f"dropped {result.reason}", getattr(result, "extension", result.reason))


def run(pipeline: Pipeline[..., Any]) -> Callable[[], Drop | None]:
    def drive() -> Drop | None:
        steps = pipeline.acall("message", "client").__await__()
        while True:  # a loop of its own for each example would take most of the time
            try:
                next(steps)
            except StopIteration as stop:
                result: Drop | None = stop.value
                return result

    return drive if pipeline.is_async else lambda: pipeline.call("message", "client")


def tracing(steps: list[Step], *, is_on: bool) -> AbstractContextManager[None]:
    """Within it, pipelines are compiled with tracing, or without."""
    return tracing_to(steps.append) if is_on else nullcontext()


def traced_calls(steps: list[Step]) -> set[str]:
    return {step.extension for step in steps}


named_plans = st.lists(plans, max_size=6).map(lambda found: [(f"e{n}", plan) for n, plan in enumerate(found)])


@pytest.mark.parametrize("is_traced", [False, True])
@given(sets=named_plans)
def test_outgoing_is_what_pluggy_does(sets: list[tuple[str, Plan]], is_traced: bool) -> None:
    ours: Trace = []
    theirs: Trace = []
    model = manager_of("outgoing", sets, theirs)
    expected = outcome_of(lambda: model.hook.outgoing(message="message", client="client"))
    for allow_async in (False, True):
        ours.clear()
        manager = manager_of("outgoing", sets, ours, allow_async=allow_async)
        steps: list[Step] = []
        with tracing(steps, is_on=is_traced):
            pipeline: Pipeline[..., Any] = Pipeline(
                "outgoing", hook_functions("outgoing", manager.hook.outgoing.get_hookimpls())
            )
        assert outcome_of(run(pipeline)) == expected
        assert ours == theirs
        assert traced_calls(steps) == ({name for name, _ in theirs} if is_traced else set())


def lived_through(plan: Plan) -> Plan:
    """The same implementation, where its exception were nothing: that is what isolation makes of it."""
    return replace(plan, react="pass") if plan.react == "raise" else plan


@pytest.mark.parametrize("is_traced", [False, True])
@given(sets=named_plans)
def test_incoming_is_the_mirror_image(sets: list[tuple[str, Plan]], is_traced: bool) -> None:
    sane = [(name, plan) for name, plan in sets if not plan.fails]
    failing = {name for name, plan in sets if plan.fails}
    theirs: Trace = []
    model = manager_of("incoming", [(name, lived_through(plan)) for name, plan in reversed(sane)], theirs)
    expected = outcome_of(lambda: model.hook.incoming(message="message", client="client"))
    for allow_async in (False, True):
        ours: Trace = []
        errors: list[ExtensionHookError] = []
        manager = manager_of("incoming", sets, ours, allow_async=allow_async)
        steps: list[Step] = []
        with tracing(steps, is_on=is_traced):
            pipeline: Pipeline[..., Any] = Pipeline(
                "incoming",
                hook_functions("incoming", manager.hook.incoming.get_hookimpls()),
                report=errors.append,
            )
        assert outcome_of(run(pipeline)) == expected
        assert [step for step in ours if step[0] not in failing] == theirs
        assert all(str(error.__cause__) == error.extension for error in errors)
        assert traced_calls(steps) == ({name for name, _ in ours} if is_traced else set())
