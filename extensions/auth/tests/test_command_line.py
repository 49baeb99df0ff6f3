from __future__ import annotations

from importlib.metadata import entry_points

import click


def test_the_entry_point_adds_the_command() -> None:
    cli = click.Group()
    [found] = [each for each in entry_points(group="pybayeux") if each.name == "auth-commands"]
    found.load().register_commands(cli)
    assert list(cli.commands) == ["auth"]
