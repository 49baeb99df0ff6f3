"""One hook's implementations, compiled into one call.

Pluggy keeps and orders the implementations; a call through it costs microseconds, which is too much for every event.
A pipeline takes what `get_hookimpls()` says once, when the registrations change, and calls the same functions in the
same order for a tenth of the price. It never changes: a new registration makes a new one, and a batch under way
finishes on the old one.

It knows hooks, extensions and their names. It does not know what a message or a client is.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, Self, TypeAlias, TypeVar, overload

from .catalogue import signature_of
from .result_policy import Report, ResultPolicy, Veto
from .tracing import traced
from .wrapping import AsyncCall, Call, around, async_around

if TYPE_CHECKING:
    import pluggy

    from ..hookspecs import Drop, HookSpecs
    from .catalogue import HookSignature

__all__ = ("CompiledHook", "Pipeline", "with_timeout")

P = ParamSpec("P")
R = TypeVar("R")

_BatchCall: TypeAlias = Callable[[Sequence[Any], Any], list[Any]]

_Step: TypeAlias = tuple[Callable[..., Any], str, bool]
"""A function that takes all arguments of its hook, its extension's name, and whether to await its result."""


class Pipeline(Generic[P, R]):
    """The implementations of one hook in the order of their call.

    Attributes:
        hook: The name of the hook.
        is_empty: True where there is nothing to call.
        is_async: True where an implementation is a coroutine function: then use `acall`.
        call: Calls all implementations. Returns the first result, or None. For pipelines that are not `is_async`.
        acall: The same, and awaits coroutine functions in their place. For pipelines of either kind.
        call_batch: `call`, for hooks of two arguments, with each of many subjects in order: a batch's messages.
        timed: The same calls with a watch over what blocks the event loop, where the registry has set one.

    Without a `report` these raise ExtensionHookError for the first implementation that fails.
    """

    __slots__ = ("acall", "call", "call_batch", "hook", "is_async", "is_empty", "timed")

    call: Callable[P, R]
    acall: Callable[P, Awaitable[R]]
    call_batch: Callable[[Sequence[Any], Any], list[R]]

    def __init__(
        self,
        hook: str,
        implementations: Sequence[pluggy.HookImpl] = (),
        *,
        report: Report | None = None,
        timeout: float | None = None,
    ) -> None:
        """Compile.

        Args:
            hook: The name of the hook.
            implementations: As `get_hookimpls()` returns them.
            report: Called with exceptions, which then do not end the call. None: the first one ends it.
            timeout: Seconds that an implementation may wait before it has failed. None: no limit.
        """
        signature = signature_of(hook)
        assert signature is not None, hook
        ordered = _in_order(signature, implementations)
        wrappers = [each for each in ordered if each.wrapper]
        steps = tuple(_step(hook, signature, each, timeout) for each in ordered if not each.wrapper)
        policy = ResultPolicy(hook, signature.results, report)
        self.hook: Final = hook
        self.timed: Pipeline[P, R] = self
        self.is_empty: Final = not ordered
        self.is_async: Final = any(waits for _, _, waits in steps)
        plain = _plain_pair if len(signature.arguments) == 2 else _plain
        self.call, self.acall = plain(steps, policy), _async_plain(steps, policy)
        for each in reversed(wrappers):
            function, extension, _ = _step(hook, signature, each)
            self.call = around(function, extension, self.call, policy)
            self.acall = async_around(function, extension, self.acall, policy)
        self.call_batch = self._one_by_one if wrappers else _plain_batch(steps, policy)

    def _one_by_one(self, subjects: Sequence[object], client: object) -> list[R]:
        call: Call = self.call
        return [call(subject, client) for subject in subjects]


class CompiledHook(Generic[P, R]):
    """The pipeline of a hook as an attribute of an object, with the types of the specification.

    It is there for the types alone: the object sets the pipeline itself under the same name.
    """

    @overload
    def __init__(
        self: CompiledHook[P, Veto | None],
        specification: Callable[Concatenate[HookSpecs, P], Coroutine[Any, Any, Drop | None]],
    ) -> None: ...
    @overload
    def __init__(self, specification: Callable[Concatenate[HookSpecs, P], R]) -> None: ...
    def __init__(self, specification: Callable[..., Any]) -> None:
        self._hook: Final = specification.__name__

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: object, kind: type) -> Pipeline[P, R]: ...
    def __get__(self, owner: object | None, kind: type) -> Self | Pipeline[P, R]:
        if owner is None:
            return self
        pipeline: Pipeline[P, R] = vars(owner)[self._hook]
        return pipeline


def _in_order(signature: HookSignature, implementations: Sequence[pluggy.HookImpl]) -> list[pluggy.HookImpl]:
    """The order of the call; pluggy keeps its lists the other way round."""
    if signature.rule.mirrored:
        return sorted(implementations, key=_group)
    return list(reversed(implementations))


def _group(implementation: pluggy.HookImpl) -> tuple[bool, int]:
    """The groups of a call, earliest first: what stays in place in the mirror image."""
    return (not implementation.wrapper, implementation.trylast - implementation.tryfirst)


def _step(hook: str, signature: HookSignature, implementation: pluggy.HookImpl, timeout: float | None = None) -> _Step:
    function = implementation.function
    waits = inspect.iscoroutinefunction(inspect.unwrap(function))
    adapted = _adapted(function, implementation.argnames, signature.arguments)
    if waits and timeout is not None:
        adapted = with_timeout(adapted, timeout)
    name = implementation.plugin_name
    return (traced(adapted, name, hook, waits=waits, is_wrapper=implementation.wrapper), name, waits)


def _adapted(function: Callable[..., Any], taken: tuple[str, ...], given: tuple[str, ...]) -> Callable[..., Any]:
    """The function itself where it takes all arguments in order, else a function that picks them."""
    if taken == given:
        return function
    if taken == given[:1] and len(given) == 2:  # the usual case, such as `outgoing(message)`
        return lambda subject, client: function(subject)
    picked = [given.index(name) for name in taken]
    return lambda *args: function(*[args[index] for index in picked])


def _plain_pair(steps: tuple[_Step, ...], policy: ResultPolicy) -> Call:
    """As `_plain`, for hooks of two arguments: every event passes here, and ``*args`` costs half as much again."""

    def call(subject: Any, client: Any) -> Any:
        for function, extension, _ in steps:
            try:
                result = function(subject, client)
            except BaseException as error:
                policy.fail(extension, error)
                continue
            if result is not None and (result := policy.check(extension, result)) is not None:
                return result
        return None

    return call


def _plain_batch(steps: tuple[_Step, ...], policy: ResultPolicy) -> _BatchCall:
    """As `_plain_pair` for many subjects in one loop: at a few hundred nanoseconds an event, a call more would show."""

    def call_batch(subjects: Sequence[object], client: object) -> list[Any]:
        results: list[Any] = [None] * len(subjects)
        for index, subject in enumerate(subjects):
            for function, extension, _ in steps:
                try:
                    result = function(subject, client)
                except BaseException as error:
                    policy.fail(extension, error)
                    continue
                if result is not None and (result := policy.check(extension, result)) is not None:
                    results[index] = result
                    break
        return results

    return call_batch


def _plain(steps: tuple[_Step, ...], policy: ResultPolicy) -> Call:
    def call(*args: Any) -> Any:
        for function, extension, _ in steps:
            try:
                result = function(*args)
            except BaseException as error:
                policy.fail(extension, error)
                continue
            if result is not None and (result := policy.check(extension, result)) is not None:
                return result
        return None

    return call


def _async_plain(steps: tuple[_Step, ...], policy: ResultPolicy) -> AsyncCall:
    async def acall(*args: Any) -> Any:
        for function, extension, waits in steps:
            try:
                result = await function(*args) if waits else function(*args)
            except BaseException as error:
                policy.fail(extension, error)
                continue
            if result is not None and (result := policy.check(extension, result)) is not None:
                return result
        return None

    return acall


def with_timeout(function: Callable[..., Awaitable[Any]], seconds: float) -> Callable[..., Awaitable[Any]]:
    """`function`, cancelled after so many seconds; then it raises TimeoutError, which says what was too long."""

    async def call(*args: Any) -> Any:
        try:
            async with asyncio.timeout(seconds) as limit:
                return await function(*args)
        except TimeoutError:
            if limit.expired():
                raise TimeoutError(f"it had not returned after {seconds:g} s, and was cancelled") from None
            raise

    return call
