"""`pybayeux salesforce`: what one wants to know of an org before relying on it.

Owns the command's words and its help. The login is that of the configured extension `auth`, through its hook `log_in`.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from pybayeux.errors import UsageError
from pybayeux_auth import log_in_as_configured

from .address import LOGIN_HOSTS, endpoint_of, version_of
from .rest import Limit, read_limits

if TYPE_CHECKING:
    from pybayeux_auth import Grant

__all__ = ("salesforce",)

_EPILOG: Final = """
\b
Examples:
  pybayeux -x auth.flow=sf -x auth.org=my-org salesforce limits salesforce://my-org
  PYBAYEUX_AUTH_TOKEN=... pybayeux salesforce limits salesforce://my-org --json
How to log in is said as for every command: see pybayeux auth test --help.

\b
Exit codes:
  0  Done.
  1  The org or its login refused, or could not be reached.
  2  Something is missing or wrong in the configuration.
"""
_NO_LOGIN: Final = "auth is not configured: say how to log in; pybayeux auth test --help tells how"


@click.group()
def salesforce() -> None:
    """Look at a Salesforce org."""


@salesforce.command(epilog=_EPILOG)
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def limits(context: click.Context, address: str, as_json: bool) -> None:
    """Tell what is left of the limits that concern streaming.

    ADDRESS is salesforce://my-org and the like. What DailyDelivered... has left is what all clients of the org may
    still be sent within 24 hours, that they read again by replay included.
    """
    found = asyncio.run(_read(context.find_root().obj, address))
    if as_json:
        click.echo(json.dumps([each._asdict() for each in found]))
    else:
        click.echo("\n".join(_lines(found)))


async def _read(given: Any, address: str) -> list[Limit]:
    endpoint = endpoint_of(address)
    grant = await log_in_as_configured(given, otherwise=_NO_LOGIN)
    return await read_limits(_place(endpoint, grant), grant.access_token, version_of(endpoint))


def _place(endpoint: str, grant: Grant) -> str:
    """Where the org is: where the login says, else where the address says."""
    if grant.instance_url is not None:
        return grant.instance_url
    parts = urlsplit(endpoint)
    if parts.hostname in LOGIN_HOSTS:
        raise UsageError("the login does not say where the org is: give its address, such as salesforce://my-org")
    return f"{parts.scheme}://{parts.netloc}"


def _lines(found: list[Limit]) -> list[str]:
    if not found:
        return ["The org tells of no limit that concerns streaming."]
    name = max(len(each.name) for each in found)
    figure = max(len(f"{each.most:,}") for each in found)
    return [f"{each.name:<{name}}  {each.left:>{figure},} of {each.most:>{figure},} left" for each in found]
