"""Calls of implementations in a row: plain, for a batch, and awaited.

Owns the loops that every message passes. Knows no hook: what a result or an exception means is the policy's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from .result_policy import ResultPolicy
    from .wrapping import AsyncCall, Call

__all__ = ("BatchCall", "Implementation", "async_plain", "one_by_one", "plain", "plain_batch", "plain_pair")

BatchCall: TypeAlias = Callable[[Sequence[Any], Any], list[Any]]

Implementation: TypeAlias = tuple[Callable[..., Any], str, bool]
"""A function that takes all arguments of its hook, its extension's name, and whether to await its result."""


def plain_pair(steps: tuple[Implementation, ...], policy: ResultPolicy) -> Call:
    """As `plain`, for hooks of two arguments: every event passes here, and ``*args`` costs half as much again."""
    if len(steps) == 1:
        return _plain_single(steps[0], policy)

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


def _plain_single(step: Implementation, policy: ResultPolicy) -> Call:
    """As `plain_pair`, where one extension has the hook, as `delivered` usually is: the loop would be half of it."""
    function, extension, _ = step

    def call(subject: Any, client: Any) -> Any:
        try:
            result = function(subject, client)
        except BaseException as error:
            policy.fail(extension, error)
            return None
        return None if result is None else policy.check(extension, result)

    return call


def plain_batch(steps: tuple[Implementation, ...], policy: ResultPolicy) -> BatchCall:
    """As `plain_pair` for many subjects in one loop: at a few hundred nanoseconds an event, a call more would show."""

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


def one_by_one(call: Call) -> BatchCall:
    """As `plain_batch`, where there are wrappers."""
    return lambda subjects, client: [call(subject, client) for subject in subjects]


def plain(steps: tuple[Implementation, ...], policy: ResultPolicy) -> Call:
    """One call of all of them, until the first result."""

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


def async_plain(steps: tuple[Implementation, ...], policy: ResultPolicy) -> AsyncCall:
    """As `plain`, and those that are coroutine functions are awaited in their place."""

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
