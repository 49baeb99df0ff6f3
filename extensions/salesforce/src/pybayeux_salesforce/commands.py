"""The command `pybayeux salesforce`: its arguments, help and output.

The login is that of the configured extension `auth`, through its hook `log_in`.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from pybayeux import printable
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
Configure the login as for every command: see pybayeux auth test --help.

\b
Exit codes:
  0  Done.
  1  The org or the login server refused, or could not be reached.
  2  The configuration is incomplete or wrong.
"""
_NO_LOGIN: Final = "auth is not configured; pybayeux auth test --help shows how to log in"


@click.group()
def salesforce() -> None:
    """Look at a Salesforce org."""


@salesforce.command(epilog=_EPILOG)
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def limits(context: click.Context, address: str, as_json: bool) -> None:
    """Show what is left of the org's limits for streaming.

    ADDRESS is salesforce://my-org and the like. DailyDelivered... is the number of events that all clients of the org
    can still receive within 24 hours, including those that they read again by replay.
    """
    found = asyncio.run(_read(context.find_root().obj, address))
    if as_json:
        click.echo(json.dumps([each._asdict() for each in found]))
    else:
        click.echo("\n".join(_lines(found)))


async def _read(cli_options: Any, address: str) -> list[Limit]:
    endpoint = endpoint_of(address)
    grant = await log_in_as_configured(cli_options, not_configured=_NO_LOGIN)
    return await read_limits(_instance_url(endpoint, grant), grant.access_token, version_of(endpoint))


def _instance_url(endpoint: str, grant: Grant) -> str:
    """Return the URL of the org: the one that the login returned, else that of the address."""
    if grant.instance_url is not None:
        return grant.instance_url
    parts = urlsplit(endpoint)
    if parts.hostname in LOGIN_HOSTS:
        raise UsageError(
            "address: the login returned no instance URL; expected the org's own address, such as salesforce://my-org"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _lines(found: list[Limit]) -> list[str]:
    if not found:
        return ["The org has no limits for streaming."]
    names = [printable(each.name) for each in found]
    name_width = max(map(len, names))
    width = max(len(f"{each.most:,}") for each in found)
    return [
        f"{name:<{name_width}}  {each.left:>{width},} of {each.most:>{width},} left"
        for name, each in zip(names, found, strict=True)
    ]
