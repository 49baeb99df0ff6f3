"""The `pybayeux` command: its own sub-commands, those that installed packages name, and those that extensions add.

A sub-command is imported when it runs. Extensions are loaded only if a command of theirs may be meant: for the list of
commands, and for an unknown one, those whose packages do not name their commands. So an extension cannot break
`pybayeux extensions` or slow down `pybayeux listen`.
"""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import click

from .. import __version__
from .._printable import printable
from .._util.known_packages import COMMANDS
from ..errors import UsageError
from ..extensions.choices import set_only
from ..extensions.command_entries import command_entries, unasked
from .arguments import CliOptions
from .failures import EXIT_CODES, exit_on_error
from .lazy_command import installed_command, own_command
from .options import extension_options
from .stderr_log import log_nothing, log_to_stderr

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ("main",)

COMPLETION_VARIABLE: Final = "_PYBAYEUX_COMPLETE"
"""The environment variable with which a shell asks for completion."""

_ADDED: Final = f"{__name__}.added"
_OWN: Final = ("listen", "publish", "doctor", "extensions", "new-extension", "completion")

_EPILOG: Final = f"""
\b
Examples:
  pybayeux listen http://localhost:8080/cometd '/chat/**'
  pybayeux publish http://localhost:8080/cometd /chat/demo '{{"text": "hi"}}'
  pybayeux watch http://localhost:8080/cometd '/chat/**'
  pybayeux doctor http://localhost:8080/cometd
  pybayeux extensions
\b
Packages add sub-commands, such as "serve", which runs a test server: pip install pybayeux-devserver
To complete this command line with the Tab key: pybayeux completion --help
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
        log = log_to_stderr(cli_options.redact)
        if COMPLETION_VARIABLE in os.environ:
            from .shells import register  # only where a shell asks for it

            register()
            log = log_nothing()  # it would be written into the line that is typed
        if os.environ.get("NO_COLOR"):  # rich looks for it by itself
            extra.setdefault("color", False)
        try:
            with log:
                return super().main(*args, **extra)
        finally:
            set_only(())  # the choice of this command line, for a process that goes on, such as a test

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command."""
        with exit_on_error(ctx.ensure_object(CliOptions).redact):
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all sub-commands."""
        return [*super().list_commands(ctx), *sorted({**self._named(), **self._added(ctx)})]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A sub-command; extensions are loaded only if no package names it."""
        return super().get_command(ctx, cmd_name) or self._named().get(cmd_name) or self._added(ctx).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The sub-command that is meant. An unknown one may be that of an extension that is not active."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from ..extensions.commands import commands_left_out

            cli_options = ctx.ensure_object(CliOptions)
            left_out = commands_left_out(cli_options.readable_options(), cli_options.disabled)
            listed, hints = self.list_commands(ctx), []
            for close in get_close_matches(args[0], {*listed, *COMMANDS}, n=1):
                if close != args[0]:
                    hints.append(f"Did you mean '{close}'?")
                if close not in listed:
                    hints.append(f"It is one of {COMMANDS[close]}: pip install {COMMANDS[close]}")
            hints += [f"It may be one of an extension that is not active: {each}" for each in left_out]
            lines = [error.message, *hints]
            raise click.UsageError(printable(cli_options.redact(" ".join(lines))), ctx) from error

    def _named(self) -> Mapping[str, click.Command]:
        """Those that installed packages name, except where the name is one of our own."""
        return {
            name: installed_command(entry) for name, entry in command_entries().items() if name not in self.commands
        }

    def _added(self, ctx: click.Context) -> Mapping[str, click.Command]:
        """Those that extensions add, which are loaded for it."""
        if _ADDED not in ctx.meta:
            cli_options, additions = ctx.ensure_object(CliOptions), _Additions({*self.commands, *self._named()})
            options = cli_options.readable_options()
            if unasked():
                from ..extensions.commands import register_commands

                with exit_on_error(cli_options.redact), redirect_stdout(sys.stderr):
                    register_commands(additions, options=options, disabled=cli_options.disabled)
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


main.add_command(own_command("watch", "watch.command"))
for _name in _OWN:
    main.add_command(own_command(_name))
