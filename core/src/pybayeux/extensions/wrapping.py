"""Implementations with ``wrapper=True``: one generator around one call.

As in pluggy, the generator's `yield` gets what the inner call returned or raises what it raised, and what the generator
returns or raises takes its place. The generator sees exceptions as they were raised, not as `ExtensionHookError`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..errors import ExtensionHookError

if TYPE_CHECKING:
    from .result_policy import ResultPolicy

__all__ = ("AsyncCall", "Call", "Wrapper", "around", "async_around")

Call: TypeAlias = Callable[..., Any]
AsyncCall: TypeAlias = Callable[..., Awaitable[Any]]
Wrapper: TypeAlias = Callable[..., Generator[None, Any, object]]


class _Raised(NamedTuple):
    """What the inner call raised; a hook may as well return an exception, as `interpret_error` does."""

    error: BaseException

    @property
    def cause(self) -> BaseException:
        """What the implementation raised, without the `ExtensionHookError` around it."""
        return self.error.__cause__ or self.error if isinstance(self.error, ExtensionHookError) else self.error


def around(wrapper: Wrapper, extension: str, inner: Call, policy: ResultPolicy) -> Call:
    """`inner` with `wrapper` around it."""

    def call(*args: Any) -> Any:
        generator = _enter(wrapper, args, extension, policy)
        if generator is None:
            return inner(*args)
        try:
            outcome = inner(*args)
        except BaseException as error:
            return _leave(generator, _Raised(error), extension, policy)
        return _leave(generator, outcome, extension, policy)

    return call


def async_around(wrapper: Wrapper, extension: str, inner: AsyncCall, policy: ResultPolicy) -> AsyncCall:
    """`inner`, which is awaited, with `wrapper` around it."""

    async def acall(*args: Any) -> Any:
        generator = _enter(wrapper, args, extension, policy)
        if generator is None:
            return await inner(*args)
        try:
            outcome = await inner(*args)
        except BaseException as error:
            return _leave(generator, _Raised(error), extension, policy)
        return _leave(generator, outcome, extension, policy)

    return acall


def _enter(
    wrapper: Wrapper, args: tuple[Any, ...], extension: str, policy: ResultPolicy
) -> Generator[None, Any, object] | None:
    """Run the wrapper up to its `yield`. None: it failed, which was reported."""
    try:
        generator = wrapper(*args)
        next(generator)
    except StopIteration:
        policy.fail(extension, RuntimeError("the wrapper did not yield"))
    except BaseException as error:
        policy.fail(extension, error)
    else:
        return generator
    return None


def _leave(
    generator: Generator[None, Any, object],
    outcome: Any,
    extension: str,
    policy: ResultPolicy,
) -> Any:
    """Run the wrapper to its end, with what the inner call returned or raised."""
    try:
        if isinstance(outcome, _Raised):
            generator.throw(outcome.cause)
        else:
            generator.send(outcome)
    except StopIteration as stop:
        return None if stop.value is None else policy.check(extension, stop.value)
    except BaseException as error:
        if not _is_passed_on(error, outcome):
            policy.fail(extension, error)
    else:
        generator.close()
        policy.fail(extension, RuntimeError("the wrapper yields more than once"))
    if isinstance(outcome, _Raised):
        raise outcome.error
    return outcome


def _is_passed_on(error: BaseException, outcome: Any) -> bool:
    if not isinstance(outcome, _Raised):
        return False
    # A StopIteration cannot leave a generator: Python turns it into a RuntimeError.
    return error is outcome.cause or (isinstance(outcome.cause, StopIteration) and error.__cause__ is outcome.cause)
