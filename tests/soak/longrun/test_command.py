from __future__ import annotations

from click.testing import CliRunner

from tests.soak.longrun.command import longrun


def test_help_has_examples_and_exit_codes() -> None:
    output = CliRunner().invoke(longrun, ["--help"]).output
    assert "uv run python -m tests.soak.longrun --server cometd --minutes 10" in output
    assert "Exit codes" in output


def test_server_has_to_be_named() -> None:
    result = CliRunner().invoke(longrun, ["--server", "other"])
    assert result.exit_code == 2
    assert "'cometd', 'faye', 'emulator'" in result.output
