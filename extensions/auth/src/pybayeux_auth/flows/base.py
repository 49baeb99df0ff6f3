"""What every way to log in is: an async callable that gives a `Grant`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ..grant import Grant

__all__ = ("Flow",)


class Flow(ABC):
    """A way to log in. It keeps no token: whoever calls it does, and calls it again when a fresh one is needed.

    Attributes:
        name: What the option `flow` calls it.
        is_renewable: Whether it can ever give another token than its first.
    """

    name: ClassVar[str]
    is_renewable: ClassVar[bool] = True

    @abstractmethod
    async def __call__(self) -> Grant:
        """Log in.

        Raises:
            AuthError: There is no token; its `remedy` says whether trying again can help.
        """

    async def credentials(self) -> str:
        """What tells the credentials in use from others: those that were refused are not tried again."""
        return ""

    def refused(self, grant: Grant) -> None:  # noqa: B027 - most flows do not care
        """The server did not take the token of this grant."""
