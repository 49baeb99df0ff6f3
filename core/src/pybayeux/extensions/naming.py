"""What an object is called that was passed to a client without a name."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .candidates import Candidate

__all__ = ("label", "own_name")

_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")


def own_name(extension: object, candidates: Iterable[Candidate]) -> str | None:
    """The name that belongs to an object, or None.

    It is that of the installed extension that the object is, or is an instance of, else its attribute ``name``.
    """
    installed = {id(each.target): each.name for each in candidates if each.target is not None}
    kinds = extension.__mro__ if inspect.isclass(extension) else (extension, *type(extension).__mro__)
    for kind in kinds:
        if id(kind) in installed:
            return installed[id(kind)]
    name = getattr(extension, "name", None)
    return name if isinstance(name, str) and name else None


def label(extension: object) -> str:
    """A name made up from that of the class or module: ``BearerToken`` becomes ``bearer-token``."""
    kind = extension if inspect.isclass(extension) or inspect.ismodule(extension) else type(extension)
    return "-".join(filter(None, _WORD.split(kind.__name__.rpartition(".")[2]))).lower()
