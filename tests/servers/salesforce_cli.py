"""Salesforce's own command line, ``sf``, from npm, in a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

from tests.servers.build import Build, require_tool

__all__ = ("SalesforceCli", "prepare")

_FOLDER: Final = Path(__file__).parent / "sf"
_BUILD: Final = Build(
    folder=_FOLDER,
    # What is overridden there wants a newer Node than the command line itself.
    sources=("package.json", ".npmrc"),
    output="node_modules",
    tool=("npm", 8),
    arguments=("install", "--no-audit", "--no-fund", "--ignore-scripts"),
)


def prepare() -> None:
    """Installs the command line if need be.

    Raises:
        MissingTool: Node 20 or npm is missing.
        BuildError: the installation failed.
    """
    require_tool("node", 20)
    _BUILD.ensure()


class SalesforceCli:
    """``sf``, for a program that runs it with this environment.

    Args:
        home: Where it keeps who is logged in.
        audience: Whom its signed logins are meant for; it would try Salesforce's own hosts as well.

    Raises:
        MissingTool: Node 20 or npm is missing.
        BuildError: the installation failed.

    Attributes:
        command: the program.
        environment: the variables that it needs.
    """

    def __init__(self, home: Path, audience: str) -> None:
        prepare()
        self.command: Final = str(_FOLDER / "node_modules" / ".bin" / "sf")
        self.environment: Final = {
            "HOME": str(home),
            "SF_AUDIENCE_URL": audience,
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_DISABLE_TELEMETRY": "true",
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",  # a file in the home
        }

    def run(self, *words: str) -> dict[str, Any]:
        """Runs a command; gives the result that it prints.

        Raises:
            subprocess.CalledProcessError: it failed; `stdout` says why.
        """
        done = subprocess.run(
            [self.command, *words, "--json"],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        result: dict[str, Any] = json.loads(done.stdout)["result"]
        return result
