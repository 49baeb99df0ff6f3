"""The interface of a login flow: an async callable that returns a `Grant`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ..grant import Grant

__all__ = ("Flow",)


class Flow(ABC):
    """A login flow. It does not keep the token; the caller does, and calls it again for a fresh one.

    Attributes:
        name: Its name in the option `flow`.
        is_renewable: Whether a further call can return another token.
    """

    name: ClassVar[str]
    is_renewable: ClassVar[bool] = True

    @abstractmethod
    async def __call__(self) -> Grant:
        """Log in.

        Raises:
            AuthError: The login failed. `can_retry` says whether a retry can help.
        """

    async def credentials(self) -> str:
        """Return a digest of the credentials in use. Refused credentials are not tried again until it changes."""
        return ""

    def use_http(self, http: Any) -> None:  # noqa: B027
        """Log in with the HTTP client that the Bayeux client was given, unless the flow was made with one of its own.

        Called when the Bayeux client starts, and with None when it has ended.
        """

    def refused(self, grant: Grant) -> None:  # noqa: B027 - most flows need not do anything
        """Note that the server refused the token of this grant."""
