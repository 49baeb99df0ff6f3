"""One hook's implementations, compiled into one call.

Pluggy keeps and orders the implementations; a call through it costs microseconds, which is too much for every event.
A pipeline takes what `get_hookimpls()` says once, when the registrations change, and calls the same functions in the
same order for a tenth of the price. It never changes: a new registration makes a new one, and a batch under way
finishes on the old one.

It knows hooks, extensions and their names. It does not know what a message or a client is.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, Protocol, TypeAlias

from .catalogue import shape_of
from .patience import bounded
from .tracing import traced
from .verdict import Judge, Report, Veto
from .wrapping import AsyncCall, Call, around, async_around

if TYPE_CHECKING:
    import pluggy

__all__ = ("MIRRORED", "HookCaller", "Pipeline")

P = ParamSpec("P")

MIRRORED: Final = frozenset({"incoming", "response"})
"""The hooks whose order is the mirror image of pluggy's."""

_BatchCall: TypeAlias = Callable[[Sequence[Any], Any], list[Veto | None]]

_Step: TypeAlias = tuple[Callable[..., Any], str, bool]
"""A function that takes all arguments of its hook, its extension's name, and whether to await its result."""


class HookCaller(Protocol):
    """The call of a hook that an installed package brings."""

    @property
    def is_empty(self) -> bool:
        """True where nobody implements it."""

    @property
    def is_async(self) -> bool:
        """True where an implementation waits: use `acall` then."""

    @property
    def call(self) -> Callable[..., Any]:
        """Calls all implementations with all arguments in the order of the specification."""

    @property
    def acall(self) -> Callable[..., Awaitable[Any]]:
        """The same, and awaits those that wait."""


class Pipeline(Generic[P]):
    """The implementations of one hook in the order of their call.

    Attributes:
        hook: The name of the hook.
        is_empty: True where there is nothing to call.
        is_async: True where an implementation is a coroutine function: use `acall` then.
        call: Calls all implementations. Gives the first veto, or None. For pipelines that are not `is_async`.
        acall: The same, and awaits coroutine functions in their place. For pipelines of either kind.
        call_batch: `call`, for hooks of two arguments, with each of many subjects in order: a batch's messages.

    Without a `report` both raise ExtensionHookError for the first implementation that fails.
    """

    __slots__ = ("acall", "call", "call_batch", "hook", "is_async", "is_empty")

    call: Callable[P, Veto | None]
    acall: Callable[P, Awaitable[Veto | None]]

    def __init__(
        self,
        hook: str,
        implementations: Sequence[pluggy.HookImpl] = (),
        *,
        report: Report | None = None,
        patience: float | None = None,
    ) -> None:
        """Compile.

        Args:
            hook: The name of the hook.
            implementations: As `get_hookimpls()` gives them.
            report: Is told of exceptions, which then do not end the call. None: the first one ends it.
            patience: Seconds that an implementation may wait before it has failed. None: as long as it likes.
        """
        ordered = _in_order(hook, implementations)
        wrappers = [each for each in ordered if each.wrapper]
        steps = tuple(_step(hook, each, patience) for each in ordered if not each.wrapper)
        judge = Judge(hook, report)
        self.hook: Final = hook
        self.is_empty: Final = not ordered
        self.is_async: Final = any(waits for _, _, waits in steps)
        plain = _plain_pair if len(_arguments(hook)) == 2 else _plain
        self.call, self.acall = plain(steps, judge), _async_plain(steps, judge)
        for each in reversed(wrappers):
            function, extension, _ = _step(hook, each)
            self.call = around(function, extension, self.call, judge)
            self.acall = async_around(function, extension, self.acall, judge)
        self.call_batch: Final[_BatchCall] = self._one_by_one if wrappers else _plain_batch(steps, judge)

    def _one_by_one(self, subjects: Sequence[object], client: object) -> list[Veto | None]:
        call: Call = self.call
        return [call(subject, client) for subject in subjects]


def _arguments(hook: str) -> tuple[str, ...]:
    shape = shape_of(hook)
    assert shape is not None, hook
    return shape.arguments


def _in_order(hook: str, implementations: Sequence[pluggy.HookImpl]) -> list[pluggy.HookImpl]:
    """The order of the call; pluggy keeps its lists the other way round."""
    if hook in MIRRORED:
        return sorted(implementations, key=_group)
    return list(reversed(implementations))


def _group(implementation: pluggy.HookImpl) -> tuple[bool, int]:
    """The groups of a call, earliest first: what stays in place in the mirror image."""
    return (not implementation.wrapper, implementation.trylast - implementation.tryfirst)


def _step(hook: str, implementation: pluggy.HookImpl, patience: float | None = None) -> _Step:
    function = implementation.function
    waits = inspect.iscoroutinefunction(inspect.unwrap(function))
    adapted = _adapted(function, implementation.argnames, _arguments(hook))
    if waits and patience is not None:
        adapted = bounded(adapted, patience)
    name = implementation.plugin_name
    return (traced(adapted, name, hook, waits=waits, is_wrapper=implementation.wrapper), name, waits)


def _adapted(function: Callable[..., Any], taken: tuple[str, ...], given: tuple[str, ...]) -> Callable[..., Any]:
    """The function itself where it takes all arguments in order, else a thin cover that picks them."""
    if taken == given:
        return function
    if taken == given[:1] and len(given) == 2:  # the usual case, such as `outgoing(message)`
        return lambda subject, client: function(subject)
    picked = [given.index(name) for name in taken]
    return lambda *args: function(*[args[index] for index in picked])


def _plain_pair(steps: tuple[_Step, ...], judge: Judge) -> Call:
    """As `_plain`, for hooks of two arguments: every event passes here, and ``*args`` costs half as much again."""

    def call(subject: Any, client: Any) -> Veto | None:
        for function, extension, _ in steps:
            try:
                result = function(subject, client)
            except Exception as error:
                judge.failure(extension, error)
                continue
            if result is not None and (veto := judge.verdict(extension, result)) is not None:
                return veto
        return None

    return call


def _plain_batch(steps: tuple[_Step, ...], judge: Judge) -> _BatchCall:
    """As `_plain_pair` for many subjects in one loop: at a few hundred nanoseconds an event, a call more would show."""

    def call_batch(subjects: Sequence[object], client: object) -> list[Veto | None]:
        vetoes: list[Veto | None] = [None] * len(subjects)
        for index, subject in enumerate(subjects):
            for function, extension, _ in steps:
                try:
                    result = function(subject, client)
                except Exception as error:
                    judge.failure(extension, error)
                    continue
                if result is not None and (veto := judge.verdict(extension, result)) is not None:
                    vetoes[index] = veto
                    break
        return vetoes

    return call_batch


def _plain(steps: tuple[_Step, ...], judge: Judge) -> Call:
    def call(*args: Any) -> Veto | None:
        for function, extension, _ in steps:
            try:
                result = function(*args)
            except Exception as error:
                judge.failure(extension, error)
                continue
            if result is not None and (veto := judge.verdict(extension, result)) is not None:
                return veto
        return None

    return call


def _async_plain(steps: tuple[_Step, ...], judge: Judge) -> AsyncCall:
    async def acall(*args: Any) -> Veto | None:
        for function, extension, waits in steps:
            try:
                result = await function(*args) if waits else function(*args)
            except Exception as error:
                judge.failure(extension, error)
                continue
            if result is not None and (veto := judge.verdict(extension, result)) is not None:
                return veto
        return None

    return acall
