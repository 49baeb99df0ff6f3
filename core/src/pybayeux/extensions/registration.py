"""One extension's membership in one client: who it is, and what the caller of `use` and `remove` gets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Generator

    from ..errors import ExtensionHookError
    from .pipeline import Pipeline

__all__ = ("Member", "Registration")


@dataclass(slots=True, eq=False)
class Member:
    """A registered extension.

    Attributes:
        name: Its name.
        is_installed: True where it was discovered, False where the program passed it.
        hello: Its `registered`.
        goodbye: Its `unregistered`.
        is_ready: True between the two: its other hooks are called.
    """

    name: str
    is_installed: bool
    hello: Pipeline[[str, Any]]
    goodbye: Pipeline[[str, Any]]
    is_ready: bool = False

    @property
    def waits(self) -> bool:
        """True where one of the two needs a running loop."""
        return self.hello.is_async or self.goodbye.is_async


class Registration:
    """What `use` and `remove` give back.

    Awaiting it waits until an asynchronous `registered` or `unregistered` is done. Nobody has to: it is done anyway, at
    once on a running client, else when the client starts.

    Attributes:
        name: The name of the extension.
    """

    __slots__ = ("_task", "name")

    def __init__(self, name: str, task: asyncio.Task[ExtensionHookError | None] | None = None) -> None:
        self.name: Final = name
        self._task: Final = task

    def __await__(self) -> Generator[Any, None, None]:
        if self._task is None:
            return
        error = yield from asyncio.shield(self._task).__await__()
        if error is not None:
            raise error
