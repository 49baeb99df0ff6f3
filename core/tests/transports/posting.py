"""The plainest transport over HTTP, and the site that it posts to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from core.tests.transports import site_stub
from core.tests.transports.site_stub import REPLY
from pybayeux import Message, encode
from pybayeux.transports.http import HttpRequester
from pybayeux.transports.http_call import HttpCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux.transports.base import TransportContext


class Posting:
    """The plainest transport: one POST."""

    def __init__(self, context: TransportContext, **options: Any) -> None:
        self._url = context.url
        self._requester = HttpRequester(context, "long-polling", **options)

    async def exchange(self, messages: list[Message]) -> None:
        await self._requester.exchange(
            HttpCall("POST", self._url, encode(messages), {"Content-Type": "application/json"})
        )

    async def close(self) -> None:
        await self._requester.close()


class Site(site_stub.Site):
    """A site that is posted to."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] | None = None, **arguments: Any) -> None:
        super().__init__(Posting, answer, **arguments)


def with_cookie(request: httpx.Request) -> httpx.Response:
    """Gives each newcomer a cookie."""
    known = "BAYEUX_BROWSER" in request.headers.get("Cookie", "")
    headers = {} if known else {"Set-Cookie": f"BAYEUX_BROWSER={request.headers.get('X-Name', 'b')}; Path=/"}
    return httpx.Response(200, json=REPLY, headers=headers)
