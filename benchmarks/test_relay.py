"""The measurement of the relay runs. Its figures are of no interest here."""

from __future__ import annotations

from click.testing import CliRunner

from benchmarks.relay.__main__ import relay


def test_each_way_to_write_has_a_line() -> None:
    arguments = ["--target", "sqlite", "--events", "40", "--batch", "20", "--rounds", "1"]
    result = CliRunner().invoke(relay, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    lines = [line.split("|")[1].strip() for line in result.stdout.splitlines()[4:]]
    assert lines == [
        "sqlite: bare insert",
        "sqlite: transactions with position",
        "sqlite: relay, from the server on",
    ]
