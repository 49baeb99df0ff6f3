"""The header ``Date`` of every response (RFC 9110, section 6.6.1).

By it a client with a wrong clock can tell how long a cookie is valid that says until when.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ("DateHeader",)


class DateHeader:
    """Adds the header to the responses of an app that do not have it.

    Args:
        app: The app.
        now: Returns the time on clocks outside the org, in seconds since the epoch.
    """

    def __init__(self, app: ASGIApp, now: Callable[[], float]) -> None:
        self._app: Final = app
        self._now: Final = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_date(message: Message) -> None:
            headers = dict(message.get("headers", ()))
            if message["type"] == "http.response.start" and b"date" not in headers:
                date = (b"date", formatdate(self._now(), usegmt=True).encode())
                message = {**message, "headers": [*message.get("headers", ()), date]}
            await send(message)

        await self._app(scope, receive, send_with_date)
