"""`BlockingServer`: a server on its own thread, for code without an event loop.

Owns the calls into that thread. The methods are those of `DevServer`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from .server_thread import call_with_timeout

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

    from .faults.faults import Faults
    from .options import Json
    from .protocol.authentication import Tokens
    from .recorder import Recorder
    from .server import DevServer

__all__ = ("BlockingServer",)


class BlockingServer:
    """A running server. Its methods may be called from any thread or event loop except its own.

    Args:
        server: The server.
        portal: The portal into the event loop of the server.

    Attributes:
        faults: The faults of the server.
    """

    def __init__(self, server: DevServer, portal: BlockingPortal) -> None:
        self._server: Final = server
        self._portal: Final = portal
        self.faults: Final = cast("Faults", _LoopProxy(server.faults, portal))

    @property
    def url(self) -> str:
        """The URL of the Bayeux endpoint."""
        return self._server.url

    @property
    def control_url(self) -> str:
        """The URL of the control interface."""
        return self._server.control_url

    @property
    def page_url(self) -> str | None:
        """The URL of the page; see `DevServer.page_url`."""
        return self._server.page_url

    @property
    def recorder(self) -> Recorder:
        """The requests and their replies."""
        return self._server.recorder

    @property
    def tokens(self) -> Tokens:
        """The accepted tokens."""
        return self._server.tokens

    @property
    def sessions(self) -> list[str]:
        """The client ids of the sessions that are alive."""
        return self._portal.call(lambda: self._server.sessions)

    def publish(self, channel: str, data: Any, *, replay_id: int | None = None, ext: Json | None = None) -> int | None:
        """Publish an event; see `DevServer.publish`."""
        return self._portal.call(partial(self._server.engine.publish, channel, data, replay_id=replay_id, ext=ext))

    def push(self, message: Json, client_id: str | None = None) -> None:
        """Queue any message for one session, or for all of them, without a subscription."""
        self._portal.call(self._server.engine.push, message, client_id)

    def restart(self, pause: float = 0.2) -> None:
        """Stop, forget all sessions, and start again on the same port; see `DevServer.restart`."""
        self._portal.call(self._server.restart, pause)

    def received(self, channel: str, count: int = 1, timeout: float = 10) -> list[Json]:
        """Wait for messages to a channel; see `Recorder.received`.

        Args:
            channel: The channel.
            count: How many messages there must be since the start or the last `recorder.clear`.
            timeout: Seconds to wait.

        Raises:
            TimeoutError: The messages did not arrive in time.
        """
        return call_with_timeout(self._portal, timeout, self.recorder.received, channel, count)


class _LoopProxy:
    """A proxy for an object, which calls the object's methods in the thread of its event loop."""

    def __init__(self, target: object, portal: BlockingPortal) -> None:
        self._target = target
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        return lambda *args, **kwargs: self._portal.call(partial(method, *args, **kwargs))
