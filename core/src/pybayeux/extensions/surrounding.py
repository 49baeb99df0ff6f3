"""Implementations of hooks with something done before or after each call of them.

Owns that the result is an implementation again, plain, asynchronous or a wrapper as it was. It knows no single hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from .hook_function import HookFunction

__all__ = ("checked", "preceded")


def preceded(
    implementation: HookFunction, extensions: Mapping[str, object], before: Callable[[], object]
) -> HookFunction:
    """An implementation that has something done before it is called."""
    function = implementation.of(extensions)

    def call(*args: Any) -> Any:
        before()
        return function(*args)

    return implementation.replaced(call)


def checked(
    implementation: HookFunction, extensions: Mapping[str, object], check: Callable[[], object]
) -> HookFunction:
    """An implementation that fails with what a check raises after it has returned."""
    function = implementation.of(extensions)

    def around(*args: Any) -> Generator[None, Any, Any]:
        result = yield from function(*args)
        check()
        return result

    async def wait(*args: Any) -> Any:
        result = await function(*args)
        check()
        return result

    def call(*args: Any) -> Any:
        result = function(*args)
        check()
        return result

    kind = around if implementation.is_wrapper else wait if implementation.waits else call
    return implementation.replaced(kind)
