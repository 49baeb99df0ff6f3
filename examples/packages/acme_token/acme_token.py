"""Sends the token that is in a file, which another program replaces before the token expires."""

import asyncio
from pathlib import Path

from pybayeux import HookClient, Message, TransportRequest, hookimpl


class Token:
    """Sends the token of a file, and begins a new session if the server refuses one that was replaced.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sent = ""

    @hookimpl
    async def request(self, request: TransportRequest) -> None:
        self._sent = await asyncio.to_thread(self._read)
        request.headers["Authorization"] = f"Bearer {self._sent}"

    @hookimpl
    def incoming(self, message: Message, client: HookClient) -> None:
        # An HTTP status 401 is seen here as well, as the error of a reply that the client made.
        error = message.parse_error() if message.is_meta else None
        if error and error.code == 401 and not error.is_unknown_client and self._read() != self._sent:
            client.rehandshake("the token was replaced")

    def _read(self) -> str:
        return self._path.read_text().strip()
