"""The packages of this project by what each has, for errors that say what to install.

Does not know whether one is installed. A test compares it with the packages.
"""

from __future__ import annotations

from typing import Final

__all__ = ("COMMANDS", "EXTENSIONS", "SCHEMES")

COMMANDS: Final = {
    "auth": "pybayeux-auth",
    "demo": "pybayeux-devserver",
    "play": "pybayeux-cassette",
    "record": "pybayeux-cassette",
    "relay": "pybayeux-relay",
    "replay": "pybayeux-replay",
    "salesforce": "pybayeux-salesforce",
    "serve": "pybayeux-devserver",
}
"""Packages by the names of their sub-commands."""

EXTENSIONS: Final = {
    name: f"pybayeux-{name}"
    for name in (
        "ack",
        "aiohttp",
        "auth",
        "binary",
        "kafka",
        "opentelemetry",
        "redis",
        "reload",
        "replay",
        "salesforce",
        "sql",
        "timestamp",
        "timesync",
    )
}
"""Packages by the names of their extensions."""

SCHEMES: Final = {"salesforce": "pybayeux-salesforce"}
"""Packages by the schemes of addresses that they resolve."""
