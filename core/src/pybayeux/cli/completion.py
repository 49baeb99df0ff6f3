"""`pybayeux completion`: what a shell runs to complete the command line.

The scripts are click's, with what `shells` adds. The command needs neither a client nor an extension.
"""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from .command import COMPLETION_VARIABLE
from .failures import Failure
from .shells import register

__all__ = ("completion",)

_PROGRAM: Final = "pybayeux"


_EPILOG: Final = """
\b
Examples:
  eval "$(pybayeux completion bash)"
      Complete in this shell. In ~/.bashrc the line holds for every new one.
  eval "$(pybayeux completion zsh)"
      The same for ~/.zshrc, after the line with compinit.
  pybayeux completion fish | source
      The same for ~/.config/fish/config.fish.
\b
Exit codes:
  0    Done, or the reader of the output has closed it.
  2    Wrong usage.
"""


@click.command(epilog=_EPILOG, short_help="Write what completes this command in a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Write the script that has SHELL complete sub-commands, options and names of extensions.

    Nothing is installed: the shell runs the script when it starts.
    """
    register()
    found = get_completion_class(shell)
    if found is None:
        raise Failure(f"click has no completion for {shell}")
    # click runs bash to see its version. The script is the same for each, and bash itself is about to run it.
    click.echo(found.source_template % found(click.Command(_PROGRAM), {}, _PROGRAM, COMPLETION_VARIABLE).source_vars())
