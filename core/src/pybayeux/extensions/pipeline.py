"""One hook's implementations, compiled into one call.

Pluggy keeps and orders the implementations; a call through it costs microseconds, which is too much for every event.
A pipeline takes what `get_hookimpls()` says once, when the registrations change, and calls the same functions in the
same order for a tenth of the price. It never changes: a new registration makes a new one, and a batch under way
finishes on the old one.

It knows hooks, extensions and their names. It does not know what a message or a client is.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeVar

from .calls import async_plain, one_by_one, plain, plain_batch, plain_pair
from .catalogue import core_hooks, signature_of
from .result_policy import Report, ResultPolicy
from .tracing import trace_sinks, traced
from .wrapping import around, async_around

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .blocking import BlockingWatch
    from .calls import BatchCall, Implementation
    from .catalogue import HookSignature
    from .hook_function import HookFunction
    from .tracing import Sink
    from .wrapping import AsyncCall, Call

__all__ = ("Pipeline", "empty_pipeline", "with_timeout")

P = ParamSpec("P")
R = TypeVar("R")


class Pipeline(Generic[P, R]):
    """The implementations of one hook in the order of their call.

    Each call is compiled when it is first used: an idle client uses a few of the hundred that it has, and those that it
    does not use took half of its memory.

    Attributes:
        hook: The name of the hook.
        is_empty: True where there is nothing to call.
        is_async: True where an implementation is a coroutine function: then use `acall`.
        call: Calls all implementations. Returns the first result, or None. For pipelines that are not `is_async`.
        acall: The same, and awaits coroutine functions in their place. For pipelines of either kind.
        call_batch: `call`, for hooks of two arguments, with each of many subjects in order: a batch's messages.
        timed: The same calls with a watch over what blocks the event loop, where there is one.

    Without a `report` these raise ExtensionHookError for the first implementation that fails.
    """

    __slots__ = (
        "_extensions",
        "_implementations",
        "_is_timed",
        "_policy",
        "_sinks",
        "_timeout",
        "_watch",
        "acall",
        "call",
        "call_batch",
        "hook",
        "is_async",
        "is_empty",
        "timed",
    )

    call: Callable[P, R]
    acall: Callable[P, Awaitable[R]]
    call_batch: Callable[[Sequence[Any], Any], list[R]]
    timed: Pipeline[P, R]

    def __init__(
        self,
        hook: str,
        implementations: Sequence[HookFunction] = (),
        extensions: Mapping[str, object] | None = None,
        *,
        report: Report | None = None,
        timeout: float | None = None,
        watch: BlockingWatch | None = None,
        sinks: Sequence[Sink] | None = None,
        is_timed: bool = False,
    ) -> None:
        """Take the implementations.

        Args:
            hook: The name of the hook.
            implementations: In the order of pluggy's `get_hookimpls()`.
            extensions: The instances that they are called on, by name, where they are methods.
            report: Called with exceptions, which then do not end the call. None: the first one ends it.
            timeout: Seconds that an implementation may wait before it has failed. None: no limit.
            watch: Times the calls of `timed`. None: they are not timed.
            sinks: Where the calls are traced; by default those of this moment.
            is_timed: Whether these calls are those of `timed`.
        """
        self.hook: Final = hook
        self.is_empty: Final = not implementations
        self.is_async: Final = any(each.waits for each in implementations if not each.is_wrapper)
        self._implementations: Final = implementations
        self._extensions: Final = extensions or {}
        self._policy: Final = ResultPolicy(hook, _signature(hook).results, report)
        self._timeout: Final = timeout
        self._watch: Final = watch
        self._is_timed: Final = is_timed
        self._sinks: Final = trace_sinks() if sinks is None else sinks

    def __getattr__(self, name: str) -> Any:
        # Asked only for what has not been set yet.
        if name not in ("acall", "call", "call_batch", "timed"):
            raise AttributeError(f"a pipeline has no {name!r}")
        compiled = getattr(self, f"_compile_{name}")()
        setattr(self, name, compiled)
        return compiled

    def _compile_call(self) -> Call:
        make = plain_pair if len(_signature(self.hook).arguments) == 2 else plain
        call = make(self._steps(), self._policy)
        for wrapper, extension, _ in self._wrappers():
            call = around(wrapper, extension, call, self._policy)
        return call

    def _compile_acall(self) -> AsyncCall:
        acall = async_plain(self._steps(), self._policy)
        for wrapper, extension, _ in self._wrappers():
            acall = async_around(wrapper, extension, acall, self._policy)
        return acall

    def _compile_call_batch(self) -> BatchCall:
        if any(each.is_wrapper for each in self._implementations):
            return one_by_one(self.call)
        return plain_batch(self._steps(), self._policy)

    def _compile_timed(self) -> Pipeline[P, R]:
        if self._watch is None or self.is_empty or self._is_timed:
            return self
        return Pipeline(
            self.hook,
            self._implementations,
            self._extensions,
            report=self._policy.report,
            timeout=self._timeout,
            watch=self._watch,
            sinks=self._sinks,
            is_timed=True,
        )

    def _steps(self) -> tuple[Implementation, ...]:
        """The plain and the asynchronous ones, the first one first."""
        return tuple(self._step(each) for each in self._ordered() if not each.is_wrapper)

    def _wrappers(self) -> list[Implementation]:
        """The wrappers, the innermost one first."""
        return [self._step(each) for each in reversed(self._ordered()) if each.is_wrapper]

    def _ordered(self) -> list[HookFunction]:
        return _in_order(_signature(self.hook), self._implementations)

    def _step(self, implementation: HookFunction) -> Implementation:
        function, name = implementation.of(self._extensions), implementation.extension
        waits, is_wrapper = implementation.waits, implementation.is_wrapper
        taken, given = implementation.arguments, _signature(self.hook).arguments
        takes_first = taken == given[: len(taken)]  # the usual case, such as `outgoing(message)`
        if taken != given and not (takes_first and self._is_timed):
            function, taken = _picking(function, taken, given), given
        if self._is_timed and self._watch is not None:
            by_steps = waits or is_wrapper
            function = self._watch.timed_hook(function, name, self.hook, taken=len(taken), by_steps=by_steps)
        if waits and self._timeout is not None and not is_wrapper:
            function = with_timeout(function, self._timeout)
        if self._sinks:
            function = traced(function, name, self.hook, self._sinks, waits=waits, is_wrapper=is_wrapper)
        return function, name, waits


def empty_pipeline(hook: str) -> Pipeline[..., Any]:
    """The pipeline of a hook that no extension implements. All clients share those of the core's hooks."""
    return _empty_of_core().get(hook) or Pipeline(hook, sinks=())


@cache
def _empty_of_core() -> dict[str, Pipeline[..., Any]]:
    # All at once: a process that has run for long then holds as many objects as at first, and a leak shows.
    return {hook: Pipeline(hook, sinks=()) for hook in core_hooks()}


def _in_order(signature: HookSignature, implementations: Sequence[HookFunction]) -> list[HookFunction]:
    """The order of the call; pluggy keeps its lists the other way round."""
    if signature.rule.mirrored:
        return sorted(implementations, key=_group)
    return list(reversed(implementations))


def _group(implementation: HookFunction) -> tuple[bool, int]:
    """The groups of a call, earliest first: what stays in place in the mirror image."""
    return (not implementation.is_wrapper, implementation.group)


def _signature(hook: str) -> HookSignature:
    signature = signature_of(hook)
    assert signature is not None, hook
    return signature


def _picking(function: Callable[..., Any], taken: tuple[str, ...], given: tuple[str, ...]) -> Callable[..., Any]:
    """A function that takes all arguments of a hook, and calls one that takes some of them."""
    if taken == given[:1] and len(given) == 2:  # the usual case, such as `outgoing(message)`
        return lambda subject, client: function(subject)
    picked = [given.index(name) for name in taken]
    return lambda *args: function(*[args[index] for index in picked])


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
