"""CometD in an embedded Jetty, built by Maven."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.servers.build import Build, require_tool
from tests.servers.server import Server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.servers.server import Option

__all__ = ("cometd", "cometd_on", "prepare")

_FOLDER: Final = Path(__file__).parent / "cometd"
_BUILD: Final = Build(
    folder=_FOLDER,
    sources=("pom.xml", "src"),
    output="target",
    tool=("mvn", 3),
    arguments=("--batch-mode", "--quiet", "compile"),
)
_JVM: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
"""A short start and few threads matter more here than the last bit of throughput."""


def prepare() -> None:
    """Builds the server if need be.

    Raises:
        MissingTool: Java 17 or Maven is missing.
        BuildError: the build failed.
    """
    require_tool("java", 17)
    _BUILD.ensure()


def cometd(**options: Option) -> Server:
    """A CometD server, not yet started, that starts quickly.

    Args:
        options: ``ack``, ``timesync``, ``timestamp``, ``binary`` (extensions, on or off), ``activity`` (ms),
            ``greetings`` (how many events on ``/greetings`` each new session gets) and any option of CometD's
            ``BayeuxServer``, such as ``timeout=2000`` or ``**{"ws.messagesPerFrame": 5}``.

    Raises:
        MissingTool: Java 17 or Maven is missing.
        BuildError: the build failed.
    """
    return cometd_on(_JVM, **options)


def cometd_on(jvm: Sequence[str], **options: Option) -> Server:
    """The same, with these arguments of the Java virtual machine.

    Raises:
        MissingTool: Java 17 or Maven is missing.
        BuildError: the build failed.
    """
    prepare()
    target = _FOLDER / "target"
    class_path = os.pathsep.join((str(target / "classes"), str(target / "lib" / "*")))
    command = (require_tool("java", 17), *jvm, "-cp", class_path, "bayeux.testserver.Main")
    return Server("cometd", _version(), "/cometd", command, options)


def _version() -> str:
    found = re.search(r"<cometd.version>(.+?)</", (_FOLDER / "pom.xml").read_text())
    assert found is not None
    return found[1]
