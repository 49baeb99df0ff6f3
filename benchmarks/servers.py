"""The servers of the benchmarks: those of the tests, set up for throughput."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.servers.cometd import cometd_on
from tests.servers.faye import faye

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.server import Server

# The server's own optimizing compiler is on. permessage-deflate is refused: some peers offer it by default, and pay
# twenty times as much for it as for the events.
_JVM: Final = ("-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
_COMETD: Final = {"ws.enableExtension.permessage-deflate": False, "ws.maxMessageSize": 16 << 20}


@contextmanager
def running(name: str) -> Iterator[Server]:
    """The server of this name, started and at the end stopped.

    Raises:
        MissingTool: Java, Maven or Node is missing.
        BuildError: the build failed.
    """
    server = cometd_on(_JVM, **_COMETD) if name == "CometD" else faye()
    server.start()
    try:
        yield server
    finally:
        server.stop()
