from __future__ import annotations

import asyncio
from typing import Any

from extensions.devserver.tests.engine_client import in_loop
from extensions.devserver.tests.polling_client import PollingClient
from pybayeux_devserver import DevServer
from pybayeux_devserver.recorder import RecordedRequest, Recorder


def _recorded(*channels: str) -> RecordedRequest:
    return RecordedRequest("/cometd", {}, [{"channel": channel} for channel in channels])


def test_messages_of_all_channels_or_one() -> None:
    recorder = Recorder()
    recorder.add(_recorded("/a", "/b"))
    recorder.add(_recorded("/a"))
    assert [message["channel"] for message in recorder.messages()] == ["/a", "/b", "/a"]
    assert len(recorder.messages("/a")) == 2
    recorder.clear()
    assert recorder.messages() == []


def test_times_of_a_request_and_its_reply() -> None:
    times = iter([1.0, 2.0])
    recorder, request = Recorder(lambda: next(times)), _recorded("/a")
    recorder.add(request)
    assert (request.time, request.answered) == (1.0, None)
    recorder.answered(request, 200, [{"channel": "/a"}])
    assert (request.answered, request.status, request.replies) == (2.0, 200, [{"channel": "/a"}])


def test_oldest_requests_are_removed() -> None:
    recorder = Recorder(kept=2)
    for channel in ("/a", "/b", "/c"):
        recorder.add(_recorded(channel))
    assert [message["channel"] for message in recorder.messages()] == ["/b", "/c"]


@in_loop
async def test_waiting_for_messages() -> None:
    recorder = Recorder()
    recorder.add(_recorded("/a"))
    assert len(await recorder.received("/a")) == 1
    waiting: asyncio.Task[list[dict[str, Any]]] = asyncio.create_task(recorder.received("/a", 3))
    for channels in (["/b"], ["/a"], ["/b"]):
        await asyncio.sleep(0)
        recorder.add(_recorded(*channels))
    await asyncio.sleep(0)
    assert not waiting.done()
    recorder.add(_recorded("/a"))
    assert len(await waiting) == 3


@in_loop
async def test_waiting_for_upgrades() -> None:
    recorder = Recorder()
    waiting = asyncio.create_task(recorder.upgrades(2))
    for channels in ([], ["/a"]):
        recorder.add(_recorded(*channels))
        await asyncio.sleep(0)
    assert not waiting.done()
    recorder.add(_recorded())
    assert len(await waiting) == 2


@in_loop
async def test_requests_are_recorded_with_their_answers() -> None:
    async with DevServer() as server, PollingClient(server, Authorization="Bearer x") as client:
        await client.handshake(id="1")
        [request] = server.recorder.requests
        assert request.path == "/cometd"
        assert request.headers["authorization"] == "Bearer x"
        assert request.messages[0]["id"] == "1"
        assert request.status == 200
        assert request.replies[0]["clientId"] == client.client_id
