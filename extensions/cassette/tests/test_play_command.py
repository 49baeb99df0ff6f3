from __future__ import annotations

import pytest
from click.testing import CliRunner

from pybayeux_cassette.play_command import is_loopback, play


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
