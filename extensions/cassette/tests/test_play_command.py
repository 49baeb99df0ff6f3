from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from extensions.cassette.tests.streams import event, written
from pybayeux.cli import main
from pybayeux_cassette.play_command import is_loopback, play

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("example.com", False),
    ],
)
def test_a_server_that_others_reach_has_no_control_interface(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_a_port_that_is_none_is_wrong_usage() -> None:
    result = CliRunner().invoke(play, [__file__, "--serve", "--port", "65536"])
    assert result.exit_code == 2
    assert "65536 is not in the range 0<=x<=65535" in result.output


def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path, bayeux_server: BlockingServer) -> None:
    port = str(urlsplit(bayeux_server.url).port)
    cassette = written(tmp_path / "orders.jsonl", event(0.0, "/orders", {"number": 1}), channels=("/orders",))
    result = CliRunner().invoke(main, ["play", str(cassette.path), "--serve", "--port", port])
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}: " in result.stderr
