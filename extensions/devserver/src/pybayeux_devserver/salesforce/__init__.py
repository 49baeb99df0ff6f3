"""A Salesforce org for tests and demos, as far as streaming clients see one.

Imported on first use, as the rest of the package is: an org needs a web server and a library for signatures.
"""

from __future__ import annotations

from .blocking import BlockingEmulator as BlockingEmulator
from .emulator import SalesforceEmulator as SalesforceEmulator
from .options import OrgOptions as OrgOptions

__all__ = ("BlockingEmulator", "OrgOptions", "SalesforceEmulator")
