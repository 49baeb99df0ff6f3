"""WebSocket: Bayeux messages in text frames, in both directions at any time.

Owns the upgrade: whether it is refused, and what is negotiated. What happens afterwards is in
`websocket_connection.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from ..options import AuthStyle
from ..recorder import RecordedRequest
from .polling import caller_of, http_error
from .websocket_connection import WebSocketConnection

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from ..faults.faults import Faults
    from ..listener import Sockets
    from ..protocol.engine import Engine
    from ..recorder import Recorder

__all__ = ("WebSockets",)


class WebSockets:
    """The endpoint of the transport.

    Args:
        engine: The protocol engine.
        faults: The planned faults.
        recorder: The record of requests.
        sockets: The registry of open connections.
    """

    def __init__(self, engine: Engine, faults: Faults, recorder: Recorder, sockets: Sockets) -> None:
        self._engine: Final = engine
        self._faults: Final = faults
        self._recorder: Final = recorder
        self._sockets: Final = sockets

    async def answer(self, websocket: WebSocket) -> None:
        """Accept a WebSocket and serve it, unless the upgrade is refused."""
        record = RecordedRequest(websocket.url.path, dict(websocket.headers), (), transport="websocket")
        self._recorder.add(record)
        fault = self._faults.for_upgrade()
        if fault is not None:
            self._recorder.answered(record, fault.status, fault=fault.name)
            await _deny(websocket, fault.response(Response()))
            return
        if self._unauthorized(websocket):
            self._recorder.answered(record, 401)
            await _deny(websocket, http_error(401))
            return
        self._recorder.answered(record, 101)
        try:
            await websocket.accept(self._subprotocol(websocket))
        except OSError:
            return
        await WebSocketConnection(websocket, self._engine, self._faults, self._recorder, self._sockets).run()

    def _unauthorized(self, websocket: WebSocket) -> bool:
        """Whether the upgrade itself carries an invalid token. A token in `ext` is checked later."""
        tokens, token = self._engine.tokens, caller_of(websocket).token
        by_http = self._engine.options.auth_style is AuthStyle.HTTP
        return by_http and tokens.required and token is not None and not tokens.accepts(token)

    def _subprotocol(self, websocket: WebSocket) -> str | None:
        # uvicorn before 0.51 returns the lines of the header, later versions the names in them.
        offered = [name.strip() for line in websocket.scope["subprotocols"] for name in line.split(",")]
        ours = self._engine.options.subprotocol
        return ours if ours in offered else None


async def _deny(websocket: WebSocket, response: Response) -> None:
    # uvicorn before 0.53 adds a Content-Length of its own, and a response with two is invalid.
    del response.headers["content-length"]
    await websocket.send_denial_response(response)
