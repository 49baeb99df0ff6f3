"""A receive loop on a WebSocket library, without a client: the least that an event costs on this library.

    python -m benchmarks.programs.receive_loop TASK

`installed` names the library: websockets, aiohttp or picows. The session has no acknowledgement, so that events come
unasked, one in a frame. They are counted and not decoded.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import msgspec
from websockets.asyncio.client import connect

from benchmarks.programs.bare import Poller
from benchmarks.programs.event_loop import run_on
from benchmarks.programs.recorder import Recorder, wait_for_end
from benchmarks.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Receiver:
    """Counts the events of a session, and knows when to connect again.

    Args:
        url: Where the WebSocket is.
        headers: Those of the upgrade.
        connect: The message that asks for events.
        recorder: Counts the events.
    """

    def __init__(self, url: str, headers: dict[str, str], connect: str, recorder: Recorder) -> None:
        self.url: Final = url
        self.headers: Final = headers
        self.connect: Final = connect
        self._recorder: Final = recorder

    @property
    def done(self) -> bool:
        """Whether all events have come."""
        return self._recorder.done

    def receive(self, text: bytes) -> bool:
        """Count the events of a frame; returns whether another connect is due."""
        self._recorder.received_in(text)
        return b'"/meta/connect"' in text


async def over_websockets(receiver: Receiver) -> None:
    """Receive with websockets."""
    async with connect(receiver.url, additional_headers=receiver.headers, compression=None, max_size=None) as socket:
        await socket.send(receiver.connect)
        while not receiver.done:
            if receiver.receive(await socket.recv(decode=False)):
                await socket.send(receiver.connect)


async def over_aiohttp(receiver: Receiver) -> None:
    """Receive with aiohttp."""
    async with (
        aiohttp.ClientSession(headers=receiver.headers) as http,
        http.ws_connect(receiver.url, max_msg_size=0) as socket,
    ):
        await socket.send_str(receiver.connect)
        while not receiver.done:
            if receiver.receive((await socket.receive_str()).encode()):
                await socket.send_str(receiver.connect)


async def over_picows(receiver: Receiver) -> None:
    """Receive with picows, which calls for each frame and has no task for it."""
    import picows

    done = asyncio.get_running_loop().create_future()
    send = partial(picows.WSTransport.send, msg_type=picows.WSMsgType.TEXT, message=receiver.connect.encode())

    class Listener(picows.WSListener):  # type: ignore[misc]
        def on_ws_connected(self, transport: Any) -> None:
            send(transport)

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if receiver.receive(frame.get_payload_as_bytes()):
                send(transport)
            if receiver.done and not done.done():
                done.set_result(None)

    transport, _ = await picows.ws_connect(Listener, receiver.url, extra_headers=receiver.headers)
    await done
    transport.disconnect()


LIBRARIES: Final[dict[str, Callable[[Receiver], Awaitable[None]]]] = {
    "websockets": over_websockets,
    "aiohttp": over_aiohttp,
    "picows": over_picows,
}
"""The ways to receive, by the name of the library."""


async def run(task: Task) -> None:
    """Receive the events of a task."""
    poller = Poller(task.url)
    poller.subscribe(task.channel)
    recorder = Recorder(task.count, task.warmup)
    connect = {"channel": "/meta/connect", "clientId": poller.client_id, "connectionType": "websocket", "id": "2"}
    headers = {"Cookie": poller.cookie} if poller.cookie else {}
    recorder.subscribed()
    url = task.url.replace("http", "ws", 1)
    await LIBRARIES[task.installed](Receiver(url, headers, json.dumps([connect]), recorder))
    await asyncio.to_thread(wait_for_end)


if __name__ == "__main__":
    given = msgspec.json.decode(sys.argv[1], type=Task)
    run_on(given.loop, run(given))
