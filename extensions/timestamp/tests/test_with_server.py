"""Installing the package is enough: the messages that reach a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Client, Message

if TYPE_CHECKING:
    from pybayeux_devserver.blocking import BlockingServer
    from tests.servers.server import Server


@pytest.mark.parametrize("options", [{}, {"format": "iso"}])
def test_every_message_arrives_with_its_time(bayeux_server: BlockingServer, options: dict[str, Any]) -> None:
    before = datetime.now(UTC)
    with Client(bayeux_server.url, options={"timestamp": options}) as client:
        client.publish("/orders", 1)
    for channel in ("/meta/handshake", "/meta/connect", "/orders", "/meta/disconnect"):
        sent = Message(channel=channel, timestamp=bayeux_server.recorder.messages(channel)[0]["timestamp"])
        moment = sent.timestamp_as_time()
        assert moment is not None
        assert before - timedelta(seconds=1) <= moment <= datetime.now(UTC)
        assert (sent.timestamp or "").endswith("GMT") == (not options)


@pytest.mark.parametrize("form", ["rfc1123", "iso"])
def test_cometd_accepts_both_formats(cometd_server: Server, form: str) -> None:
    with Client(cometd_server.url, options={"timestamp": {"format": form}}) as client:
        assert client.publish("/timestamp", 1).successful
