"""pybayeux-salesforce-emulator: a Salesforce org for tests and demos, as streaming clients see one.

The pytest plugin imports this package in every test run, so what needs a web server is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import lazy_names

if TYPE_CHECKING:
    from . import oracles as oracles
    from . import texts as texts
    from .blocking import BlockingEmulator as BlockingEmulator
    from .emulated_org import EmulatedOrg as EmulatedOrg
    from .emulator import SalesforceEmulator as SalesforceEmulator
    from .options import OrgOptions as OrgOptions
    from .options import Strictness as Strictness

__all__ = ("BlockingEmulator", "EmulatedOrg", "OrgOptions", "SalesforceEmulator", "Strictness", "oracles", "texts")

if not TYPE_CHECKING:  # the pytest plugin imports this package
    __getattr__ = lazy_names(
        __name__,
        {
            "blocking": "BlockingEmulator",
            "emulated_org": "EmulatedOrg",
            "emulator": "SalesforceEmulator",
            "options": "OrgOptions Strictness",
            "oracles": "oracles",
            "texts": "texts",
        },
    )


def __dir__() -> tuple[str, ...]:
    return __all__
