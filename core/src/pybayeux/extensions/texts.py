"""An exception in one line of text, for complaints."""

from __future__ import annotations

from typing import Final

from .._util.redact import Redactor

__all__ = ("described",)

_redact: Final = Redactor()


def described(error: BaseException) -> str:
    """Type and text of an exception, without what looks like a secret."""
    return _redact(f"{type(error).__name__}: {error}")
