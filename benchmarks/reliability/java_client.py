"""The program of CometD's Java client, built by Maven."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from tests.servers.build import Build, require_tool

__all__ = ("java_command", "java_version")

_FOLDER: Final = Path(__file__).parent / "clients" / "java"
_BUILD: Final = Build(
    folder=_FOLDER,
    sources=("pom.xml", "src"),
    output="target",
    tool=("mvn", 3),
    arguments=("--batch-mode", "--quiet", "compile"),
)
_JVM: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


def java_command() -> tuple[str, ...]:
    """The command that runs the program, built if need be.

    Raises:
        MissingTool: Java 17 or Maven is missing.
        BuildError: The build failed.
    """
    target = _BUILD.ensure()
    class_path = os.pathsep.join((str(target / "classes"), str(target / "lib" / "*")))
    return (require_tool("java", 17), *_JVM, "-cp", class_path, "bayeux.reliability.Main")


def java_version() -> str:
    """The version of the client."""
    found = re.search(r"<cometd.version>(.+?)</", (_FOLDER / "pom.xml").read_text())
    assert found is not None
    return found[1]
