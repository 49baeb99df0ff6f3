"""The `pybayeux` command: its own sub-commands, and those that extensions add.

Extensions are loaded only where one of theirs may be meant. So an extension cannot break `pybayeux extensions` or slow
down `pybayeux listen`.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, Final

import click

from .. import __version__
from .._printable import printable
from ..errors import UsageError
from ..extensions import commands_left_out, register_commands
from .arguments import CliOptions
from .doctor import doctor
from .extensions import extensions
from .failures import EXIT_CODES, exit_on_error
from .listen import listen
from .new_extension import new_extension
from .options import extension_options
from .publish import publish
from .stderr_log import log_to_stderr

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ("main",)

_ADDED: Final = f"{__name__}.added"

_EPILOG: Final = f"""
\b
Examples:
  pybayeux listen http://localhost:8080/cometd '/chat/**'
  pybayeux publish http://localhost:8080/cometd /chat/demo '{{"text": "hi"}}'
  pybayeux doctor http://localhost:8080/cometd
  pybayeux extensions
\b
Extensions add sub-commands, such as "serve", which runs a test server: pip install pybayeux-devserver
{EXIT_CODES}"""


class _Additions(click.Group):
    """The sub-commands of extensions. A name that is already taken is refused."""

    def __init__(self, taken: Collection[str]) -> None:
        super().__init__()
        self._taken: Final = taken

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        name = name or cmd.name or ""
        if name in self._taken or name in self.commands:
            raise UsageError(f"there is already a command {name!r}")
        super().add_command(cmd, name)


class _Main(click.Group):
    """The command, with the sub-commands of extensions. It shows an error in one line."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command, and exit with its exit code."""
        cli_options = extra.setdefault("obj", CliOptions())
        with log_to_stderr(cli_options.redact):
            return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command."""
        with exit_on_error(ctx.ensure_object(CliOptions).redact):
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all sub-commands."""
        return [*super().list_commands(ctx), *sorted(self._added(ctx))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A sub-command; extensions are loaded only if it is not one of our own."""
        return super().get_command(ctx, cmd_name) or self._added(ctx).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The sub-command that is meant. An unknown one may be that of an extension that is not active."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            cli_options = ctx.ensure_object(CliOptions)
            left_out = commands_left_out(cli_options.readable_options(), cli_options.disabled)
            lines = [error.message, *(f"It may be one of an extension that is not active: {each}" for each in left_out)]
            raise click.UsageError(printable(cli_options.redact(" ".join(lines))), ctx) from error

    def _added(self, ctx: click.Context) -> Mapping[str, click.Command]:
        if _ADDED not in ctx.meta:
            cli_options, additions = ctx.ensure_object(CliOptions), _Additions(self.commands)
            with exit_on_error(cli_options.redact), redirect_stdout(sys.stderr):
                register_commands(additions, options=cli_options.readable_options(), disabled=cli_options.disabled)
            ctx.meta[_ADDED] = additions.commands
        commands: Mapping[str, click.Command] = ctx.meta[_ADDED]
        return commands


@click.group(
    "pybayeux", cls=_Main, epilog=_EPILOG, invoke_without_command=True, context_settings={"max_content_width": 100}
)
@extension_options
@click.version_option(__version__, prog_name="pybayeux")
@click.pass_context
def main(context: click.Context) -> None:
    """A Bayeux client (CometD, Faye, Salesforce Streaming API) on the command line.

    Each sub-command has its own help: pybayeux listen --help
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (listen, publish, doctor, extensions, new_extension):
    main.add_command(_command)
