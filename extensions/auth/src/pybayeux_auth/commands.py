"""The command `pybayeux auth` and its sub-command `test`: arguments, help and output.

The login of `test` is that of the configured extension, through the hook `log_in`. The other sub-commands are in
`login_command` and `account_commands`.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux import printable

from .account_commands import logout, status
from .command_line import log_in_as_configured, try_token
from .login_command import login

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .grant import Grant

__all__ = ("auth",)

_NOT_CONFIGURED: Final = (
    "auth is not configured: expected PYBAYEUX_AUTH_FLOW in the environment, flow under [auth] in pybayeux.toml, or "
    "-x auth.flow=... before the command; pybayeux auth test --help lists the flows. Or log in with pybayeux auth login"
)

_EPILOG: Final = """
\b
Configure the login with -x auth.OPTION=VALUE before the command, with PYBAYEUX_AUTH_OPTION, or in pybayeux.toml:
  flow=jwt                 client_id, username, private_key; for unattended programs
  flow=client_credentials  login_url (the org's own address), client_id, client_secret
  flow=refresh_token       client_id, refresh_token, token_store; client_secret if the app has one;
                           pybayeux auth login configures it
  flow=sf                  org; uses the login of the Salesforce CLI
  flow=session             session_id, server_url; an existing session, such as a SOAP login
  flow=password            client_id, client_secret, username, password, security_token; for old orgs
  token                    a fixed token

\b
login_url is https://login.salesforce.com by default; for a sandbox use https://test.salesforce.com.
For other servers use the URL of the token endpoint.

\b
A secret is given as text or, better, as a reference:
  env:NAME  file:PATH  keyring:SERVICE/USER

\b
Examples:
  pybayeux -x auth.flow=sf -x auth.org=my-org auth test
  pybayeux -x auth.flow=jwt -x auth.client_id=3MVG9... -x auth.username=me@example.com \\
      -x auth.private_key=file:server.key auth test

\b
Exit codes:
  0  Logged in.
  1  The login server or the org refused, or could not be reached.
  2  The configuration is incomplete or wrong.
"""


@click.group(epilog=_EPILOG)
def auth() -> None:
    """Log in, and test the login of a client."""


for _command in (login, logout, status):
    auth.add_command(_command)


@auth.command(epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.pass_context
def test(context: click.Context, as_json: bool) -> None:
    """Log in once, make one request with the token, and print the result, without the token.

    The request is made where an extension knows the server, such as pybayeux-salesforce. A failed login is not
    repeated, so that no user is locked out.
    """
    grant, tried = asyncio.run(_log_in(context.find_root().obj))
    click.echo(json.dumps(_facts(grant, tried)) if as_json else _text(grant, tried))


async def _log_in(cli_options: Any) -> tuple[Grant, str | None]:
    grant = await log_in_as_configured(cli_options, not_configured=_NOT_CONFIGURED)
    return grant, await try_token(cli_options, grant)


def _facts(grant: Grant, tried: str | None) -> Mapping[str, Any]:
    return {
        "tried": tried is not None,
        "instance_url": grant.instance_url,
        "org_id": grant.org_id,
        "user_id": grant.user_id,
        "scope": list(grant.scope),
        "token_type": grant.token_type,
        "issued_at": grant.issued_at,
        "expires_at": grant.expires_at,
        "has_refresh_token": grant.refresh_token is not None,
    }


def _text(grant: Grant, tried: str | None) -> str:
    values = {
        "token": f"accepted by {tried}" if tried else "not tried: no extension knows this server",
        "instance": grant.instance_url,
        "org": grant.org_id,
        "user": grant.user_id,
        "scope": " ".join(grant.scope),
        "lifetime": _lifetime(grant),
    }
    return "\n".join(["Logged in.", *(f"  {name:<9} {printable(value)}" for name, value in values.items() if value)])


def _lifetime(grant: Grant) -> str:
    if grant.expires_at is not None:
        return _duration(grant.expires_at - time.time())
    if grant.org_id is not None:
        return "set by the org's session settings, 2 hours without use by default"
    return "unknown"


def _duration(seconds: float) -> str:
    if seconds <= 0:
        return "expired"
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
