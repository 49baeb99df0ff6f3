from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import click

from pybayeux_devserver import plugin


def test_the_entry_point_adds_the_commands() -> None:
    [entry_point] = entry_points(group="pybayeux", name="devserver")
    cli = click.Group()
    entry_point.load().register_commands(cli)
    assert entry_point.load() is plugin
    assert sorted(cli.commands) == ["demo", "serve"]


def test_importing_the_plugins_imports_no_server() -> None:
    heavy = "assert not {'starlette', 'uvicorn'} & set(sys.modules), sorted(sys.modules)"
    code = (
        f"import sys, pybayeux_devserver.plugin, pybayeux_devserver.commands, pybayeux_devserver.pytest_plugin; {heavy}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
