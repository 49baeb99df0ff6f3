"""The errors of the protocol engine: refused messages, unauthorized requests and malformed requests."""

from __future__ import annotations

from typing import Any, Final

__all__ = ("MalformedRequestError", "Refused", "Unauthorized")


class Refused(Exception):
    """A message is answered with ``successful: false``.

    Attributes:
        error: The error of the reply, ``code:args:text``.
        members: Further members of the reply, such as `advice`.
    """

    def __init__(self, error: str, **members: Any) -> None:
        super().__init__(error)
        self.error: Final = error
        self.members: Final = members


class MalformedRequestError(Exception):
    """A request body contains no Bayeux messages."""


class Unauthorized(Exception):
    """The whole request is refused with HTTP 401."""
