"""A web application that shows the last orders: `BAYEUX_URL=http://127.0.0.1:8080/cometd uvicorn web_app:app`."""

import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from pybayeux import AsyncClient


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
    orders: deque[Any] = deque(maxlen=100)
    async with AsyncClient(os.environ["BAYEUX_URL"], start_timeout=30) as client:
        await client.subscribe("/orders", lambda event: orders.append(event.data))
        yield {"client": client, "orders": orders}  # becomes request.state


async def show(request: Request) -> JSONResponse:
    return JSONResponse(list(request.state.orders))


async def create(request: Request) -> JSONResponse:
    reply = await request.state.client.publish("/orders", await request.json())
    return JSONResponse({"published": reply.successful}, status_code=201)


async def ready(request: Request) -> PlainTextResponse:
    health = request.state.client.health
    return PlainTextResponse(str(health), status_code=200 if health.ready else 503)


routes = [
    Route("/orders", show),
    Route("/orders", create, methods=["POST"]),
    Route("/ready", ready),
]
app = Starlette(routes=routes, lifespan=lifespan)
