"""`pybayeux doctor`: what a server does, what the installed extensions do with it, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from .._printable import printable
from .failures import Failure
from .options import server_options
from .progress import clear_progress, show_progress
from .running import run
from .watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..diagnosis import Report
    from .server import Server

__all__ = ("doctor",)

_EPILOG: Final = """
\b
Examples:
  pybayeux doctor http://localhost:8080/cometd
      Check whether the server answers, what it can do, and what your extensions do with it.
  pybayeux doctor -H 'Authorization: Bearer ...' https://example.com/cometd
      Send a token with every request.
  pybayeux doctor --transport websocket --timeout 5 URL
      Check one transport, for at most five seconds.
  pybayeux doctor --json URL | jq -r '.problems[] | .what, .remedy'
      List what is wrong and what to do about it.
\b
What it does:
  It starts a session on each transport, connects a few times and disconnects. It publishes nothing and subscribes to
  nothing. The installed extensions take part as in any client; -p no:NAME leaves one out.
\b
Exit codes:
  0    Nothing is wrong.
  1    Something is wrong; the output says what.
  2    Wrong usage, or an option of an extension that is not installed.
  130  Interrupted by Ctrl-C (143 by SIGTERM), after a disconnect.
"""


@click.command(epilog=_EPILOG, short_help="Find out what a server can do, and what is wrong.")
@server_options
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.pass_context
def doctor(context: click.Context, server: Server, as_json: bool) -> None:
    """Check a server: what it can do, how fast it is, what your extensions do with it, and what is wrong.

    It takes at most --timeout seconds.
    """
    from ..diagnosis import Examination

    examination = Examination(server.url, server.settings(Watcher()), show_progress)
    try:
        run(examination.run(server.timeout))
    finally:
        clear_progress()
    report = _redacted(examination.report, server.cli_options.redact)
    if as_json:
        click.echo(printable(msgspec.json.format(msgspec.json.encode(report)).decode(), json=True))
    else:
        from .doctor_text import print_report

        print_report(report)
    if report.problems:
        context.exit(Failure.exit_code)


def _redacted(report: Report, redact: Callable[[str], str]) -> Report:
    """The report without the secrets from the command line and the environment."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return redact(value)
        if isinstance(value, dict):
            return {name: clean(each) for name, each in value.items()}
        return [clean(each) for each in value] if isinstance(value, list) else value

    return msgspec.convert(clean(msgspec.to_builtins(report)), type(report))
