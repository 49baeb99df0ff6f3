"""Helper: the names of pybayeux that a page of equivalents lists."""

from __future__ import annotations

import importlib
import inspect
import re
from functools import reduce
from typing import Any, Final

import pybayeux
from pybayeux import errors

__all__ = ("check_name", "resolved")

_NAME: Final = re.compile(r"(?P<path>[\w.]+)(?:\((?P<arguments>(?:\w+=(?:, )?)+)\))?")


def check_name(name: str) -> None:
    """See that a name exists, and has the arguments in its parentheses, as in ``AsyncClient(http=)``."""
    found = _NAME.fullmatch(name)
    assert found is not None, name
    thing = resolved(found["path"])
    for argument in re.findall(r"\w+", found["arguments"] or ""):
        assert argument in inspect.signature(thing).parameters, name


def resolved(path: str) -> Any:
    """What a dotted name means: of `pybayeux`, of its errors, or of another module."""
    first, *rest = path.split(".")
    for module in (pybayeux, errors):
        if hasattr(module, first):
            return reduce(_member, rest, getattr(module, first))
    return reduce(_member, rest, importlib.import_module(first))


def _member(owner: Any, name: str) -> Any:
    """A member of a module or class; attributes of errors are given to their constructors."""
    if inspect.isclass(owner) and issubclass(owner, BaseException) and not hasattr(owner, name):
        return inspect.signature(owner).parameters[name]
    return getattr(owner, name)
