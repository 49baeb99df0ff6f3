"""Everything that an error can show: texts, reprs and attributes."""

from __future__ import annotations

__all__ = ("text_of",)


def text_of(error: BaseException) -> str:
    """Return text, repr and attributes of an error and of all its causes."""
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        parts += [str(cause), repr(cause), *map(str, vars(cause).values())]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(parts)
