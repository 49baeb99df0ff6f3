"""Long-polling over a Unix socket."""

import httpx

from pybayeux import (
    Message,
    TransportContext,
    TransportRegistry,
    TransportRequest,
    TransportResponse,
    decode,
    encode,
    hookimpl,
)


class UnixSocket:
    """Sends each request over a Unix socket.

    Args:
        context: What the client gives to each of its transports.
        path: The socket.
    """

    def __init__(self, context: TransportContext, path: str) -> None:
        self._context = context
        # The client says how long an exchange may take, and ends one that takes longer.
        self._http = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=path), timeout=None)  # noqa: S113

    async def exchange(self, messages: list[Message]) -> None:
        request = TransportRequest(self._context.url, httpx.Headers(self._context.headers), "long-polling")
        request.headers["Content-Type"] = "application/json"
        await self._context.on_request(request)
        answer = await self._http.post(request.url, content=encode(messages), headers=dict(request.headers))
        await self._context.on_response(
            TransportResponse(str(answer.url), answer.status_code, answer.headers, "long-polling")
        )
        answer.raise_for_status()
        await self._context.receive(decode(answer.content))

    async def close(self) -> None:
        await self._http.aclose()


class Unix:
    """Has a client use the socket that `transport_options={"long-polling": {"path": ...}}` names."""

    @hookimpl
    def register_transports(self, registry: TransportRegistry) -> None:
        registry.register("long-polling", UnixSocket)
