"""The names in a new package with an extension, all of them made from the one that its author chose.

Owns which names can be used at all. Whether somebody else has one already is not asked here.
"""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from dataclasses import dataclass
from typing import Final

import pybayeux

from ..errors import UsageError

__all__ = ("PackageNames", "normalised")

_VALID: Final = re.compile(r"[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]")
_SEPARATORS: Final = re.compile(r"[-_.]+")
_PREFIX: Final = "pybayeux-"
_EVERY: Final = "all"
_NEEDED: Final = frozenset({"hatchling", "pybayeux", "pytest"})
"""What the new package needs to be built, to run and to be tested."""


@dataclass(frozen=True, slots=True)
class PackageNames:
    """What a package, its module, its extension and the extension's class are called.

    Attributes:
        distribution: The name on the package index, normalised as the index does it: ``pybayeux-acme-tenant``.
        module: What is imported: ``pybayeux_acme_tenant``.
        extension: The name of the entry point, without ``pybayeux-``: ``acme-tenant``.
        class_name: ``AcmeTenant``; begins with ``Extension`` where that alone is a name of Python or of pybayeux.
    """

    distribution: str
    module: str
    extension: str
    class_name: str

    @classmethod
    def of(cls, name: str) -> PackageNames:
        """All names, from that of the package.

        Raises:
            UsageError: No package, module or extension can have it. The text says why, and what to do.
        """
        if not _VALID.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be the name of a package: letters a-z, digits, and single - between them, "
                "such as acme-tenant"
            )
        distribution = normalised(name)
        extension, module = distribution.removeprefix(_PREFIX), distribution.replace("-", "_")
        _check(distribution, module, extension)
        return cls(distribution, module, extension, _class_name(extension))


def normalised(distribution: str) -> str:
    """The name of a distribution as the package index compares it."""
    return _SEPARATORS.sub("-", distribution).lower()


def _check(distribution: str, module: str, extension: str) -> None:
    instead = f"choose another name, such as {_PREFIX}{distribution}"
    if distribution in _NEEDED:
        raise UsageError(f"{distribution!r} is a package that the new one needs itself; {instead}")
    if module in sys.stdlib_module_names:
        raise UsageError(f"a module {module!r} would hide Python's own; {instead}")
    if not module.isidentifier() or keyword.iskeyword(module):
        raise UsageError(f"Python cannot import a module {module!r}; {instead}")
    if extension == _EVERY:
        raise UsageError(f"{_EVERY!r} stands for every extension and cannot be the name of one; choose another name")


def _class_name(extension: str) -> str:
    name = "".join(word.capitalize() for word in extension.split("-"))
    taken = hasattr(builtins, name) or hasattr(pybayeux, name) or not name.isidentifier()
    return f"Extension{name}" if taken else name
