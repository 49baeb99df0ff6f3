"""The command line of httpx, which is not imported with httpx.

httpx imports it with itself, where click and rich are installed, as they are here. With pygments and most of rich it
takes 0.14 s of processor time and 7 MB, as much as half of all that a client needs. So a module that imports it when
something in it is used has its place. Where httpx was imported before, it stays as it is.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

__all__ = ("leave_out",)

_NAME: Final = "httpx._main"


def leave_out() -> None:
    """From now on, httpx is imported without its command line."""
    if "httpx" not in sys.modules:
        sys.modules.setdefault(_NAME, _StandIn(_NAME))


class _StandIn(ModuleType):
    """What httpx imports in place of the module."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import itself asks for
            raise AttributeError(name)
        return getattr(_command_line(), name)

    @staticmethod
    def main() -> None:
        """The command, as `httpx.main`."""
        _command_line().main()


def _command_line() -> ModuleType:
    if isinstance(sys.modules.get(_NAME), _StandIn):
        del sys.modules[_NAME]
    return import_module(_NAME)
