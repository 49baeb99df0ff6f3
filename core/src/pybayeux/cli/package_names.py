"""The names in a new package with an extension, all derived from the name of the package.

Owns which names are valid. It does not check whether a name is already taken on the package index.
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
"""The packages that the new one needs to be built, run and tested."""


@dataclass(frozen=True, slots=True)
class PackageNames:
    """The names of a package, its module, its extension and the extension's class.

    Attributes:
        distribution: The name on the package index, normalised as the index does it: ``pybayeux-acme-tenant``.
        module: The module to import: ``pybayeux_acme_tenant``.
        extension: The name of the entry point, without ``pybayeux-``: ``acme-tenant``.
        class_name: ``AcmeTenant``; prefixed with ``Extension`` if that is already a name of Python or of pybayeux.
    """

    distribution: str
    module: str
    extension: str
    class_name: str

    @classmethod
    def of(cls, name: str) -> PackageNames:
        """All names, derived from the name of the package.

        Raises:
            UsageError: A package, module or extension cannot have this name. The text says why, and what to do.
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
        raise UsageError(f"{distribution!r} is a package that the new one depends on; {instead}")
    if module in sys.stdlib_module_names:
        raise UsageError(f"a module {module!r} would shadow one of Python's own; {instead}")
    if not module.isidentifier() or keyword.iskeyword(module):
        raise UsageError(f"Python cannot import a module {module!r}; {instead}")
    if extension == _EVERY:
        raise UsageError(f"{_EVERY!r} means every extension and cannot be the name of one; choose another name")


def _class_name(extension: str) -> str:
    name = "".join(word.capitalize() for word in extension.split("-"))
    taken = hasattr(builtins, name) or hasattr(pybayeux, name) or not name.isidentifier()
    return f"Extension{name}" if taken else name
