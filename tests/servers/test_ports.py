"""A free port is one on which nothing listens, and not one that the system would give to another process."""

from __future__ import annotations

import socket
from itertools import count
from typing import TYPE_CHECKING

from tests.servers import ports

if TYPE_CHECKING:
    import pytest


def test_a_port_can_be_used_and_is_not_the_system_s_to_give() -> None:
    port = ports.free_port()
    assert port in ports.PORTS
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", ports.free_port())) as taken:
        first = taken.getsockname()[1]
        following = count(first)
        monkeypatch.setattr(ports._dice, "choice", lambda _: next(following))
        assert ports.free_port() > first
