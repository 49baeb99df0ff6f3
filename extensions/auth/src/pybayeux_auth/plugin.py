"""The entry point in the group `pybayeux` that adds `auth` to the command line.

Apart from `Auth`, so that the command can say what is missing where nothing is configured. It is imported by every
client that discovers its extensions, so it has to be cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

if TYPE_CHECKING:
    import click

__all__ = ("register_commands",)


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add `auth`."""
    from .commands import auth

    cli.add_command(auth)
