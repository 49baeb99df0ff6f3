"""The ways in which a token is refused, in the words of Salesforce's OAuth 2.0 error codes."""

from __future__ import annotations

from typing import Final

__all__ = ("OAuthError",)


class OAuthError(Exception):
    """A request for a token is refused, with HTTP 400.

    Attributes:
        error: The code.
        description: What is said of it.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error: Final = error
        self.description: Final = description
