from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_devserver import DevServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def _pass(server: DevServer, *numbers: int) -> None:
    for number in numbers:
        server.recorder.traffic.add("received", "long-polling", [{"channel": f"/{number}"}], time=0)


async def _events(server: DevServer, last: str = "") -> AsyncIterator[dict[str, str]]:
    """The events of the stream, each with its fields."""
    headers = {"Last-Event-ID": last} if last else {}
    async with httpx.AsyncClient() as http, http.stream("GET", f"{server.control_url}/traffic", headers=headers) as got:
        assert got.headers["content-type"] == "text/event-stream"
        event: dict[str, str] = {}
        async for line in got.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif "data" in event:
                yield event
                event = {}


async def _take(server: DevServer, count: int, last: str = "") -> list[dict[str, str]]:
    taken: list[dict[str, str]] = []
    async for event in _events(server, last):
        taken.append(event)
        if len(taken) == count:
            break
    return taken


def _channel(event: dict[str, str]) -> Any:
    return json.loads(event["data"])["messages"][0]["channel"]


@in_loop
async def test_what_was_kept_comes_first_and_what_passes_after_it() -> None:
    async with DevServer() as server:
        _pass(server, 1, 2)
        events = _events(server)
        assert _channel(await anext(events)) == "/1"
        _pass(server, 3)
        assert [_channel(await anext(events)) for _ in range(2)] == ["/2", "/3"]
        await events.aclose()  # type: ignore[attr-defined]


@in_loop
async def test_a_reader_goes_on_where_it_was() -> None:
    async with DevServer() as server:
        _pass(server, 1, 2, 3)
        first = (await _take(server, 1))[0]
        assert _channel((await _take(server, 1, first["id"]))[0]) == "/2"


@in_loop
async def test_a_reader_of_an_earlier_server_begins_anew() -> None:
    async with DevServer() as server:
        _pass(server, 1, 2)
        for other in ("0a0b0c0d-2", "nonsense"):
            assert _channel((await _take(server, 1, other))[0]) == "/1"


@in_loop
async def test_a_reader_is_told_how_many_it_missed() -> None:
    async with DevServer() as server:
        _pass(server, 1)
        last = (await _take(server, 1))[0]["id"]
        _pass(server, *range(2, 1005))
        missed, event = await _take(server, 2, last)
        assert (missed["event"], missed["data"]) == ("missed", "3")
        assert _channel(event) == "/5"


@in_loop
async def test_a_reader_goes_on_after_the_record_was_forgotten() -> None:
    async with DevServer() as server:
        _pass(server, 1)
        events = _events(server)
        await anext(events)
        _pass(server, 2, 3)
        server.recorder.clear()
        assert (await anext(events))["data"] == "2"
        _pass(server, 4)
        assert _channel(await anext(events)) == "/4"
        await events.aclose()  # type: ignore[attr-defined]


@in_loop
async def test_a_server_stops_while_it_is_read() -> None:
    async with DevServer() as server:
        _pass(server, 1)
        events = _events(server)
        await anext(events)
        await server.restart(0)
        try:
            await anext(events)
        except httpx.HTTPError:
            return
        raise AssertionError("the stream went on")
