"""The error of a refused token request, with Salesforce's OAuth 2.0 error codes."""

from __future__ import annotations

from typing import Final

__all__ = ("OAuthError",)


class OAuthError(Exception):
    """A token request is refused with HTTP 400.

    Attributes:
        error: The error code.
        description: The description.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error: Final = error
        self.description: Final = description
