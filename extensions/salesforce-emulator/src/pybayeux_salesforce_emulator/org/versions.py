"""API versions: their order, and the versions at which the org's behaviour changes."""

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
        """Parse a version.

        Raises:
            ValueError: The text is not a version.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"expected an API version such as '67.0'; got {text!r}")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}.{self.minor}"


OLDEST: Final = Version(37)
"""The oldest version of the Streaming API (Streaming API Error Codes, v67)."""
EVENT_UUID: Final = Version(52)
"""The first version whose platform events have a UUID. The guides of v46 and v54 bound it from both sides."""
EVENT_API_NAME: Final = Version(55)
"""The first version whose platform events have the name of their event (Platform Events guide, custom channels)."""
OLDEST_WITHOUT_SOAP_LOGIN: Final = Version(65)
"""The first version without ``login()`` (SOAP API guide)."""
