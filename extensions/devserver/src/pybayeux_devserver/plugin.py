"""The entry point in the group `pybayeux`: it adds the commands `demo` and `serve`.

Every client that discovers extensions imports this module, so it imports nothing that is slow.
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
