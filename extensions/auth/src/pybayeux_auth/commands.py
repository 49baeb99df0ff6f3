"""`pybayeux auth`: what people want to know of a login before they rely on it.

Owns the command's words and its help. The login itself is that of the configured extension, through the hook `log_in`.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

import click

from .command_login import log_in_as_configured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .grant import Grant

__all__ = ("auth",)

_NOT_CONFIGURED: Final = (
    "auth is not configured: say how to log in, with PYBAYEUX_AUTH_FLOW in the environment, flow under [auth] in "
    "pybayeux.toml, or -x auth.flow=... before the command; pybayeux auth test --help has every flow"
)

_EPILOG: Final = """
\b
Say how to log in with -x auth.OPTION=VALUE before the command, in PYBAYEUX_AUTH_OPTION, or in pybayeux.toml:
  flow=jwt                 client_id, username, private_key; for programs that nobody watches
  flow=client_credentials  login_url (the org's own address), client_id, client_secret
  flow=refresh_token       client_id, refresh_token, token_store; client_secret if the app has one
  flow=sf                  org; takes the login of the Salesforce CLI
  flow=session             session_id, server_url; a session that is open already, such as a SOAP login
  flow=password            client_id, client_secret, username, password, security_token; for old orgs
  token                    a token that is known

\b
login_url is https://login.salesforce.com unless it is given; for a sandbox write https://test.salesforce.com.
For a server of another kind give the address of its token endpoint.

\b
A secret is given as itself, or, better, as the place where it is:
  env:NAME  file:PATH  keyring:SERVICE/USER

\b
Examples:
  pybayeux -x auth.flow=sf -x auth.org=my-org auth test
  pybayeux -x auth.flow=jwt -x auth.client_id=3MVG9... -x auth.username=me@example.com \\
      -x auth.private_key=file:server.key auth test

\b
Exit codes:
  0  Logged in.
  1  The login server refused, or could not be reached.
  2  Something is missing or wrong in the configuration.
"""


@click.group()
def auth() -> None:
    """Try how a client would log in."""


@auth.command(epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def test(context: click.Context, as_json: bool) -> None:
    """Log in once, and tell what came of it; never the token.

    One login is tried, and none again if it fails: nobody is locked out by it.
    """
    grant = asyncio.run(log_in_as_configured(context.find_root().obj, otherwise=_NOT_CONFIGURED))
    click.echo(json.dumps(_facts(grant)) if as_json else _told(grant))


def _facts(grant: Grant) -> Mapping[str, Any]:
    return {
        "instance_url": grant.instance_url,
        "org_id": grant.org_id,
        "user_id": grant.user_id,
        "scope": list(grant.scope),
        "token_type": grant.token_type,
        "issued_at": grant.issued_at,
        "expires_at": grant.expires_at,
        "has_refresh_token": grant.refresh_token is not None,
    }


def _told(grant: Grant) -> str:
    known = {
        "instance": grant.instance_url,
        "org": grant.org_id,
        "user": grant.user_id,
        "scope": " ".join(grant.scope),
        "lifetime": _lifetime(grant),
    }
    return "\n".join(["Logged in.", *(f"  {name:<9} {value}" for name, value in known.items() if value)])


def _lifetime(grant: Grant) -> str:
    if grant.expires_at is not None:
        return _duration(grant.expires_at - time.time())
    if grant.org_id is not None:
        return "as long as the org's session settings say, 2 hours without use unless they were changed"
    return "not told by the server"


def _duration(seconds: float) -> str:
    if seconds <= 0:
        return "over already"
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
