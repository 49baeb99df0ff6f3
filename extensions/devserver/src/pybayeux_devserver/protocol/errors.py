"""The ways in which the server turns a request down."""

from __future__ import annotations

from typing import Any, Final

__all__ = ("MalformedRequestError", "Refused")


class Refused(Exception):
    """A message is answered with ``successful: false``.

    Attributes:
        error: The reply's error, ``code:args:text``.
        members: More members of the reply, such as `advice`.
    """

    def __init__(self, error: str, **members: Any) -> None:
        super().__init__(error)
        self.error: Final = error
        self.members: Final = members


class MalformedRequestError(Exception):
    """A request body that holds no Bayeux messages."""
