"""The trace of hook calls: which extension, how long, and what it changed.

Off, it costs nothing: a pipeline asks once, when it is made, and wraps its functions only where there is a sink: the
logger ``pybayeux.trace`` with PYBAYEUX_TRACE=1, and those of `tracing_to`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..hookspecs import Drop
from .changes import Change, Snapshot, changes_between, snapshot
from .result_policy import format_exception

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

__all__ = (
    "TRACE_LOGGER",
    "Step",
    "StepTotals",
    "is_logged",
    "is_tracing",
    "log_step",
    "trace_sinks",
    "traced",
    "tracing_to",
)

TRACE_LOGGER: Final = "pybayeux.trace"

_logger: Final = logging.getLogger(TRACE_LOGGER)


@dataclass(frozen=True, slots=True)
class Step:
    """One call of one implementation.

    Attributes:
        extension: The name of the extension.
        hook: The name of the hook.
        subject: What it was about: a channel, an address without its query, or nothing.
        microseconds: How long it took. With an asynchronous one the waiting counts, with a wrapper what it wraps.
        changes: What is different now.
        dropped: Why it dropped the message, or None.
        error: The type and text of what it raised, or None.
    """

    extension: str
    hook: str
    subject: str
    microseconds: float
    changes: tuple[Change, ...] = ()
    dropped: str | None = None
    error: str | None = None

    def __str__(self) -> str:
        place = " ".join(filter(None, (self.extension, self.hook, self.subject)))
        parts = [str(change) for change in self.changes]
        parts += [] if self.dropped is None else [f"dropped: {self.dropped}"]
        parts += [] if self.error is None else [f"raised {self.error}"]
        return f"{place}: {self.microseconds:.0f} µs, {'; '.join(parts) or 'no change'}"


Sink: TypeAlias = Callable[[Step], None]


class StepTotals:
    """The sum of what the calls of each hook of each extension took. It is a sink."""

    def __init__(self) -> None:
        self._sums: Final[dict[tuple[str, str], tuple[int, float]]] = {}

    def __call__(self, step: Step) -> None:
        """Add one call."""
        calls, microseconds = self._sums.get((step.extension, step.hook), (0, 0.0))
        self._sums[step.extension, step.hook] = (calls + 1, microseconds + step.microseconds)

    def lines(self, without: str = "") -> list[str]:
        """One line for each hook, what took longest first; none for the extension `without`."""
        dearest = sorted(self._sums.items(), key=lambda each: -each[1][1])
        return [
            f"in all: {extension} {hook}: {calls} call{'' if calls == 1 else 's'}, {microseconds / 1000:.1f} ms"
            for (extension, hook), (calls, microseconds) in dearest
            if extension != without
        ]


_sinks: Final[ContextVar[tuple[Sink, ...]]] = ContextVar("pybayeux_trace", default=())


def log_step(step: Step) -> None:
    """Write it to the logger ``pybayeux.trace``."""
    _logger.info("%s", step)


def is_tracing() -> bool:
    """True where PYBAYEUX_TRACE asks for the log."""
    return os.environ.get("PYBAYEUX_TRACE", "").strip().lower() in {"1", "true", "yes", "on"}


def is_logged() -> bool:
    """Whether calls are written to the log: PYBAYEUX_TRACE asks for it, or `log_step` is a sink here."""
    return is_tracing() or log_step in _sinks.get()


@contextmanager
def tracing_to(sink: Sink) -> Iterator[None]:
    """Trace the extensions that are registered within this block, and in tasks begun there, to `sink`."""
    token = _sinks.set((*_sinks.get(), sink))
    try:
        yield
    finally:
        _sinks.reset(token)


def trace_sinks() -> Sequence[Sink]:
    """Where calls are traced at this moment."""
    sinks = _sinks.get()
    return (*sinks, log_step) if is_tracing() and log_step not in sinks else sinks


def traced(
    function: Callable[..., Any], extension: str, hook: str, sinks: Sequence[Sink], *, waits: bool, is_wrapper: bool
) -> Callable[..., Any]:
    """A function that does the same and reports the call.

    Args:
        function: Takes all arguments of its hook.
        extension: The name of its extension.
        hook: The name of its hook.
        sinks: What the call is reported to.
        waits: Whether it is a coroutine function.
        is_wrapper: Whether it is a generator around later ones.
    """
    observe = _Observer(extension, hook, sinks)
    kind = _around if is_wrapper else _awaiting if waits else _plain
    return kind(function, observe)


def _plain(function: Callable[..., Any], observer: _Observer) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        with observer.call(args) as outcome:
            outcome.result = function(*args)
        return outcome.result

    return call


def _awaiting(function: Callable[..., Any], observer: _Observer) -> Callable[..., Any]:
    async def call(*args: Any) -> Any:
        with observer.call(args) as outcome:
            outcome.result = await function(*args)
        return outcome.result

    return call


def _around(function: Callable[..., Any], observer: _Observer) -> Callable[..., Any]:
    def call(*args: Any) -> Generator[None, Any, Any]:
        with observer.call(args) as outcome:
            outcome.result = yield from function(*args)
        return outcome.result

    return call


@dataclass(slots=True)
class _Outcome:
    result: Any = None


class _Observer:
    """Observes the calls of one implementation. What it cannot read it leaves out: no call fails because of it."""

    def __init__(self, extension: str, hook: str, sinks: Sequence[Sink]) -> None:
        self._extension: Final = extension
        self._hook: Final = hook
        self._sinks: Final = sinks

    def call(self, args: tuple[Any, ...]) -> _Call:
        return _Call(self, args[0] if args else None)

    def report(
        self, subject: Any, before: Snapshot, nanoseconds: int, outcome: Any, error: BaseException | None
    ) -> None:
        step = Step(
            self._extension,
            self._hook,
            _name_of(subject),
            nanoseconds / 1000,
            changes_between(before, _look_at(subject)),
            outcome.reason if isinstance(outcome, Drop) else None,
            None if error is None else format_exception(error),
        )
        for sink in self._sinks:
            sink(step)


class _Call:
    """One call: a plain class, because what is raised through a generator's `contextmanager` may be changed by it."""

    __slots__ = ("_before", "_observer", "_outcome", "_started", "_subject")

    def __init__(self, observer: _Observer, subject: Any) -> None:
        self._observer = observer
        self._subject = subject
        self._outcome = _Outcome()
        self._before: Snapshot = {}
        self._started = 0

    def __enter__(self) -> _Outcome:
        self._before = _look_at(self._subject)
        self._started = time.perf_counter_ns()
        return self._outcome

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        taken = time.perf_counter_ns() - self._started
        if not isinstance(error, GeneratorExit):
            self._observer.report(self._subject, self._before, taken, self._outcome.result, error)


def _look_at(subject: Any) -> Snapshot:
    try:
        return snapshot(subject)
    except Exception:  # such as an object of the extension's own making where a message was
        return {}


def _name_of(subject: Any) -> str:
    try:
        return _named(subject)
    except Exception:
        return ""


def _named(subject: Any) -> str:
    if isinstance(channel := getattr(subject, "channel", None), str):
        return channel
    if isinstance(url := getattr(subject, "url", None), str):
        return url.partition("?")[0]
    return str(subject) if isinstance(subject, str) else ""
