"""The entry point in the group `pybayeux`: adds the server's commands to the command line.

Owns nothing else: it is imported by every client that discovers its extensions, so it has to be cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

if TYPE_CHECKING:
    import click

__all__ = ("register_commands",)


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add `demo` and `serve`."""
    from .commands import demo, serve

    cli.add_command(demo)
    cli.add_command(serve)
