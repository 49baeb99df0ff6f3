"""A Bayeux server in a child process: where it is, how it is started, stopped and started again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from tests.servers.control import Control, ControlError
from tests.servers.ports import free_port
from tests.servers.process import Child, ChildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ("Option", "Server")

Option = str | int | float | bool

_READY_TIMEOUT: Final = 60.0
"""Seconds until the server must listen; it takes less than one on an idle machine."""


class Server:
    """A server program that takes ``--port=N``, prints ``READY <port>`` and ends with its standard input.

    Args:
        name: what is shown in reports: ``"cometd"``, ``"faye"``.
        version: the version of the Bayeux server within.
        path: its Bayeux path.
        command: the program and its arguments.
        options: given to the program as ``--name=value``; times are in milliseconds with every server.
    """

    def __init__(
        self, name: str, version: str, path: str, command: Sequence[str], options: Mapping[str, Option]
    ) -> None:
        self.name = name
        self.version = version
        self.path = path
        self.port = 0
        self._command = (*command, *(f"--{option}={_text(value)}" for option, value in options.items()))
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The Bayeux URL for HTTP."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def ws_url(self) -> str:
        """The Bayeux URL for WebSocket."""
        return f"ws://127.0.0.1:{self.port}{self.path}"

    @property
    def control(self) -> Control:
        """The control path of the server."""
        return Control(self.port)

    @property
    def is_running(self) -> bool:
        """Whether it was started, and neither stopped nor killed since."""
        return self._child is not None

    def start(self) -> Self:
        """Starts the server, on a free port the first time and on the same one after a stop; waits until it listens.

        Raises:
            ChildError: it does not listen in time.
        """
        assert self._child is None, "already running"
        self._child = Child([*self._command, f"--port={self.port or free_port()}"])
        try:
            line = self._child.read_line(_READY_TIMEOUT)
        except ChildError:
            self.kill()
            raise
        self.port = int(line.removeprefix("READY "))
        return self

    def stop(self) -> None:
        """Stops the server, if it runs: it ends without a message to its clients."""
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def close(self) -> None:
        """Stops the server for good."""
        self.stop()

    def reset(self) -> bool:
        """Has it forget all sessions; False if it does not answer."""
        try:
            self.control.drop()
        except (ControlError, OSError):
            return False
        return True

    def kill(self) -> None:
        """Kills the server, if it runs."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def __repr__(self) -> str:
        return f"<{self.name} {self.version} at {self.url}>"


def _text(value: Option) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
