"""Installing the package is enough: the messages that reach a server without timesync."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import Client

if TYPE_CHECKING:
    from pybayeux_devserver.blocking import BlockingServer


def test_every_client_sends_its_time(bayeux_server: BlockingServer) -> None:
    options = {"timesync": {"max_samples": "3", "clock": lambda: 12.5}}
    with Client(bayeux_server.url, options=options) as client:
        client.publish("/orders", 1)
    said = {"tc": 12_500, "l": 0, "o": 0}
    for channel in ("/meta/handshake", "/meta/connect", "/meta/disconnect"):
        assert bayeux_server.recorder.messages(channel)[0]["ext"]["timesync"] == said
    [published] = bayeux_server.recorder.messages("/orders")
    assert "timesync" not in published.get("ext", {})
