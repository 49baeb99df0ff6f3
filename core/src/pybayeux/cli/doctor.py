"""`pybayeux doctor`: what a server does, what the installed extensions do with it, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from ..diagnosis import Examination, Report
from .failures import Failure
from .options import server_options
from .running import run
from .stderr_log import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from .server import Server

__all__ = ("doctor",)

_EPILOG: Final = """
\b
Examples:
  pybayeux doctor http://localhost:8080/cometd
      Whether the server answers, what it can do, and what your extensions do with it.
  pybayeux doctor -H 'Authorization: Bearer ...' https://example.com/cometd
      With a token, as every request will have it.
  pybayeux doctor --transport websocket --timeout 5 URL
      One transport alone, in five seconds at most.
  pybayeux doctor --json URL | jq -r '.problems[] | .what, .remedy'
      What is wrong, and what to do, for a program.
\b
What it does:
  It begins a session on each transport, connects a few times and disconnects. It publishes nothing and subscribes to
  nothing. The installed extensions take part as in any client: leave out those that must not, with -p no:NAME.
\b
Exit codes:
  0    Nothing is wrong.
  1    Something is wrong; the output says what.
  2    Wrong usage, or an option of an extension that is not there.
  130  Interrupted by Ctrl-C (143 by SIGTERM), after a disconnect.
"""


@click.command(epilog=_EPILOG, short_help="Find out what a server can do, and what is wrong.")
@server_options
@click.option("--json", "as_json", is_flag=True, help="One object, in JSON.")
@click.pass_context
def doctor(context: click.Context, server: Server, as_json: bool) -> None:
    """Reach a server and tell what it can do, how fast it is, what your extensions do there, and what is wrong.

    It is done after --timeout seconds at the latest.
    """
    examination = Examination(server.url, server.settings(Watcher()))
    run(examination.run(server.timeout))
    report = _cleaned(examination.report, server.given.redact)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report)))
    else:
        from .doctor_text import print_report

        print_report(report)
    if report.problems:
        context.exit(Failure.exit_code)


def _cleaned(report: Report, redact: Callable[[str], str]) -> Report:
    """The report without what the command line and the environment say is a secret."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return redact(value)
        if isinstance(value, dict):
            return {name: clean(each) for name, each in value.items()}
        return [clean(each) for each in value] if isinstance(value, list) else value

    return msgspec.convert(clean(msgspec.to_builtins(report)), Report)
