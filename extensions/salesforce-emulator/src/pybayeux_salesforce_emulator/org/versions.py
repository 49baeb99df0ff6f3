"""API versions: what an endpoint's path names, and what depends on it.

Owns their order and their thresholds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

__all__ = ("EVENT_API_NAME", "EVENT_UUID", "OLDEST", "OLDEST_WITHOUT_SOAP_LOGIN", "Version")

_FORM: Final = re.compile(r"(\d{1,3})\.(\d)")


@dataclass(frozen=True, order=True, slots=True)
class Version:
    """A version such as ``67.0``."""

    number: int
    minor: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version.

        Raises:
            ValueError: It is none.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no API version such as '67.0'")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}.{self.minor}"


OLDEST: Final = Version(37)
"""The oldest version that the Streaming API still has (Streaming API Error Codes, v67)."""
EVENT_UUID: Final = Version(52)
"""Since when events of platform events have a UUID; the guides of v46 and v54 have it narrowed down to between them."""
EVENT_API_NAME: Final = Version(55)
"""Since when they name their event (Platform Events guide, custom channels)."""
OLDEST_WITHOUT_SOAP_LOGIN: Final = Version(65)
"""Since when there is no ``login()`` (SOAP API guide)."""
