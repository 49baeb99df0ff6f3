"""Changes of an org's configuration: what a command is going to write, so that it can be shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .rest import RestClient

__all__ = ("SetupChange",)


class SetupChange(NamedTuple):
    """One request that changes the org.

    Attributes:
        text: What it does, in words.
        method: ``POST``, ``PATCH`` or ``DELETE``; empty if nothing has to be done.
        path: The path, as in `RestClient`.
        content: The JSON object that is sent.
    """

    text: str
    method: str = ""
    path: str = ""
    content: Mapping[str, Any] | None = None

    @property
    def is_needed(self) -> bool:
        """Whether anything has to be done."""
        return bool(self.method)

    async def make(self, rest: RestClient) -> None:
        """Make the request, if one is needed.

        Raises:
            RestError: The org refused or did not answer.
        """
        if self.method == "POST":
            await rest.post(self.path, self.content)
        elif self.method == "PATCH":
            await rest.patch(self.path, self.content)
        elif self.method == "DELETE":
            await rest.delete(self.path)
