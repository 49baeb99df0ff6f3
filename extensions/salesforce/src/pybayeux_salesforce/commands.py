"""The command `pybayeux salesforce` and its sub-command `limits`: arguments, help and output.

The other sub-commands are in `setup_commands`, `push_topic_commands`, `types_command` and `backfill.command`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import click

from pybayeux import printable

from .backfill.command import backfill
from .errors import InvalidTokenError, QuotaError, RestError
from .limits import read_limits, read_usage
from .org_access import EXIT_CODES, in_org
from .push_topic_commands import pushtopic
from .setup_commands import channels, disable, enable
from .types_command import types

if TYPE_CHECKING:
    from .limits import EventUsage, Limit
    from .rest import RestClient

__all__ = ("salesforce",)

_NO_METRICS: Final = (400, 403, 404)
"""HTTP statuses of orgs and users without the object that has the usage of events."""
_EPILOG: Final = f"""
\b
Examples:
  pybayeux -x auth.flow=sf -x auth.org=my-org salesforce limits
  PYBAYEUX_AUTH_TOKEN=... pybayeux salesforce limits salesforce://my-org --json
Configure the login as for every command: see pybayeux auth test --help.

{EXIT_CODES}"""


@click.group(epilog=_EPILOG)
def salesforce() -> None:
    """Look at a Salesforce org, and set up what it streams."""


for _command in (backfill, channels, disable, enable, pushtopic, types):
    salesforce.add_command(_command)


@salesforce.command(epilog=_EPILOG)
@click.argument("address", metavar="[URL]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.9,
    show_default=True,
    metavar="SHARE",
    help="From which share on a limit is marked as nearly used up.",
)
def limits(address: str | None, as_json: bool, threshold: float) -> None:
    """Show what is left of the org's limits for streaming and API requests.

    URL is salesforce://my-org and the like; without it, the org is the one that the login returns.
    DailyDelivered... is the number of events that all clients of the org can still receive within 24 hours, including
    those that they read again by replay. Where the org counts events, their number follows.
    """
    found, usage = in_org(address, _read)
    if as_json:
        facts = [{**each._asdict(), "near": each.used >= threshold} for each in found]
        events = [{"name": each.name, "used": each.used, "until": each.until.isoformat()} for each in usage]
        click.echo(json.dumps([*facts, *events]))
    else:
        click.echo("\n".join([*_lines(found, threshold), *_usage_lines(usage)]))


async def _read(rest: RestClient) -> tuple[list[Limit], list[EventUsage]]:
    limits = await read_limits(rest)
    try:
        return limits, await read_usage(rest)
    except (InvalidTokenError, QuotaError):
        raise
    except RestError as error:
        if error.status not in _NO_METRICS:
            raise
        return limits, []


def _lines(found: list[Limit], threshold: float) -> list[str]:
    if not found:
        return ["The org has no limits for streaming."]
    names = [printable(each.name) for each in found]
    name_width = max(map(len, names))
    width = max(len(f"{each.most:,}") for each in found)
    return [
        f"{name:<{name_width}}  {each.left:>{width},} of {each.most:>{width},} left{_mark(each, threshold)}"
        for name, each in zip(names, found, strict=True)
    ]


def _mark(limit: Limit, threshold: float) -> str:
    return f"  <- {limit.used:.0%} used" if limit.used >= threshold else ""


def _usage_lines(usage: list[EventUsage]) -> list[str]:
    if not usage:
        return []
    until = usage[0].until
    width = max(len(printable(each.name)) for each in usage)
    return [
        "",
        f"In the 24 hours until {until:%Y-%m-%d %H:%M} UTC:",
        *(f"{printable(each.name):<{width}}  {each.used:,}" for each in usage),
    ]
