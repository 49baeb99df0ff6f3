"""Implementations with ``wrapper=True``: one generator around one call.

As in pluggy, the generator's `yield` gets what the inner call returned or raises what it raised, and what the generator
returns or raises takes its place. The generator sees exceptions as they were raised, not as `ExtensionHookError`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, NamedTuple, TypeAlias

from ..errors import ExtensionHookError
from .verdict import Judge, Veto

__all__ = ("AsyncCall", "Call", "Wrapper", "around", "async_around")

Call: TypeAlias = Callable[..., Veto | None]
AsyncCall: TypeAlias = Callable[..., Awaitable[Veto | None]]
Wrapper: TypeAlias = Callable[..., Generator[None, Veto | None, object]]


class _Raised(NamedTuple):
    """What the inner call raised; a hook may as well return an exception, as `explain` does."""

    error: BaseException

    @property
    def cause(self) -> BaseException:
        """What the implementation raised, without our own name tag around it."""
        return self.error.__cause__ or self.error if isinstance(self.error, ExtensionHookError) else self.error


def around(wrapper: Wrapper, extension: str, inner: Call, judge: Judge) -> Call:
    """`inner` with `wrapper` around it."""

    def call(*args: Any) -> Veto | None:
        generator = _enter(wrapper, args, extension, judge)
        if generator is None:
            return inner(*args)
        try:
            outcome = inner(*args)
        except BaseException as error:
            return _leave(generator, _Raised(error), extension, judge)
        return _leave(generator, outcome, extension, judge)

    return call


def async_around(wrapper: Wrapper, extension: str, inner: AsyncCall, judge: Judge) -> AsyncCall:
    """`inner`, which is awaited, with `wrapper` around it."""

    async def acall(*args: Any) -> Veto | None:
        generator = _enter(wrapper, args, extension, judge)
        if generator is None:
            return await inner(*args)
        try:
            outcome = await inner(*args)
        except BaseException as error:
            return _leave(generator, _Raised(error), extension, judge)
        return _leave(generator, outcome, extension, judge)

    return acall


def _enter(
    wrapper: Wrapper, args: tuple[Any, ...], extension: str, judge: Judge
) -> Generator[None, Veto | None, object] | None:
    """Run the wrapper up to its `yield`. None: it failed, which was reported."""
    try:
        generator = wrapper(*args)
        next(generator)
    except StopIteration:
        judge.failure(extension, RuntimeError("the wrapper did not yield"))
    except Exception as error:
        judge.failure(extension, error)
    else:
        return generator
    return None


def _leave(
    generator: Generator[None, Veto | None, object],
    outcome: Veto | _Raised | None,
    extension: str,
    judge: Judge,
) -> Veto | None:
    """Run the wrapper to its end, with what the inner call returned or raised."""
    try:
        if isinstance(outcome, _Raised):
            generator.throw(outcome.cause)
        else:
            generator.send(outcome)
    except StopIteration as stop:
        return None if stop.value is None else judge.verdict(extension, stop.value)
    except Exception as error:
        if not _is_passed_on(error, outcome):
            judge.failure(extension, error)
    else:
        generator.close()
        judge.failure(extension, RuntimeError("the wrapper yields more than once"))
    if isinstance(outcome, _Raised):
        raise outcome.error
    return outcome


def _is_passed_on(error: Exception, outcome: Veto | _Raised | None) -> bool:
    if not isinstance(outcome, _Raised):
        return False
    # A StopIteration cannot leave a generator: Python turns it into a RuntimeError.
    return error is outcome.cause or (isinstance(outcome.cause, StopIteration) and error.__cause__ is outcome.cause)
