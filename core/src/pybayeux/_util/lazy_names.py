"""Public names of a package that are imported when they are first used.

Owns the module's ``__getattr__`` that imports them. It does not know which names there are.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("lazy_names",)


def lazy_names(
    package: str, modules: Mapping[str, str], aliases: Mapping[str, str] | None = None
) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package, whose public names it imports when they are first used.

    For packages that every client imports, to look for their hooks, although few need all that is in them.

    Args:
        package: The name of the package.
        modules: The names that each of its modules has, with spaces between them. Its own name stands
            for the module itself.
        aliases: The name within the module, by the public name, where the two differ.
    """
    homes = {name: module for module, names in modules.items() for name in names.split()}

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f"{package}.{homes[name]}")
        value = module if homes[name] == name else getattr(module, (aliases or {}).get(name, name))
        setattr(sys.modules[package], name, value)
        return value

    return get
