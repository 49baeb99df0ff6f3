"""pybayeux-salesforce-emulator: a Salesforce org for tests and demos, as streaming clients see one.

The pytest plugin imports this package in every test run, so what needs a web server is imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from . import oracles as oracles
    from . import texts as texts
    from .blocking import BlockingEmulator as BlockingEmulator
    from .emulator import SalesforceEmulator as SalesforceEmulator
    from .options import OrgOptions as OrgOptions
    from .options import Strictness as Strictness

__all__ = ("BlockingEmulator", "OrgOptions", "SalesforceEmulator", "Strictness", "oracles", "texts")

_MODULES: Final = {
    "BlockingEmulator": ".blocking",
    "OrgOptions": ".options",
    "SalesforceEmulator": ".emulator",
    "Strictness": ".options",
}


def __getattr__(name: str) -> Any:
    if name in ("oracles", "texts"):
        return import_module(f".{name}", __name__)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> tuple[str, ...]:
    return __all__
