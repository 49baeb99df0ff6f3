"""One HTTP request of a transport, as it is before the extensions' hooks. Knows no library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("HttpCall",)


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request to make.

    Attributes:
        method: ``POST`` or ``GET``.
        url: The address.
        content: The body, if there is one.
        headers: Sent unless the user or an extension has set others of their names.
        public: Values in the query of `url` that are not secret.
    """

    method: str
    url: str
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    public: frozenset[str] = frozenset()
