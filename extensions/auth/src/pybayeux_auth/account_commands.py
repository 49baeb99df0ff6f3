"""The commands `pybayeux auth status` and `pybayeux auth logout`: their arguments, help and output."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux import printable

from .login_command import EXIT_CODES

if TYPE_CHECKING:
    from .login.account import Account
    from .login.settings import LoginSettings

__all__ = ("logout", "status")

_UNTIL: Final = "it is revoked, or what the app's policy for refresh tokens says"
_NOT_CONFIGURED: Final = "Not logged in: no login is configured. Log in with: pybayeux auth login"
_EMPTY: Final = "Not logged in: {place} has no refresh token. Log in with: pybayeux auth login"
_OTHER_FLOW: Final = "{what} is configured by {source}: each client logs in by itself, and no login is kept."


_LOGOUT_EPILOG: Final = f"""
\b
Examples:
  pybayeux auth logout
      Revoke the token at the login server, and delete it.
  pybayeux auth logout --local
      Delete it although the server cannot be reached.
  pybayeux auth logout --json | jq -r .outcome
      "revoked"; "unknown" if the token was not valid any more; "forgotten" after --local; "nothing" without a login.
{EXIT_CODES}"""


@click.command(
    epilog="""
\b
Examples:
  pybayeux auth status
      Show the login of this folder's configuration.
  pybayeux auth status --json
      The same for a program.

\b
Exit codes:
  0    There is a login, or a client logs in by itself.
  1    There is none.
  2    The configuration is wrong.
"""
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show who is logged in, where, and until when, without secrets. No server is asked: `pybayeux auth test` does."""
    from .login.account import read_account
    from .login.settings import LoginSettings

    settings = LoginSettings(context.find_root().obj)
    account = asyncio.run(read_account(settings))
    facts = _facts(settings, account)
    click.echo(json.dumps(facts) if as_json else _text(settings, account, facts))
    if facts["flow"] is None or (account is not None and account.stored is None):
        context.exit(1)


@click.command(epilog=_LOGOUT_EPILOG)
@click.option("--local", "only_here", is_flag=True, help="Delete the token on this machine, and leave it valid.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.pass_context
def logout(context: click.Context, only_here: bool, as_json: bool) -> None:
    """Revoke the refresh token of `pybayeux auth login`, and delete it.

    With it end the access tokens that came from it, so clients that use the login stop. If the server cannot be
    reached, the token stays. The configuration stays as well: after the next login the clients work again.
    """
    from .login.account import Logout, log_out, read_account
    from .login.settings import LoginSettings

    settings = LoginSettings(context.find_root().obj)

    async def end() -> Logout:
        account = await read_account(settings)
        return Logout.NOTHING if account is None else await log_out(settings, account, only_here=only_here)

    texts = {
        Logout.NOTHING: "Not logged in.",
        Logout.REVOKED: "Logged out: the refresh token is revoked and deleted.",
        Logout.UNKNOWN: "Logged out: the refresh token is deleted. It was not valid any more.",
        Logout.FORGOTTEN: "Logged out here: the refresh token is deleted, and still valid.",
    }
    outcome = asyncio.run(end())
    click.echo(json.dumps({"outcome": outcome.value}) if as_json else texts[outcome])


def _facts(settings: LoginSettings, account: Account | None) -> dict[str, Any]:
    stored = account.stored if account is not None else None
    login = stored.login if stored is not None else None
    return {
        "flow": settings.get("flow") or ("token" if settings.get("token") else None),
        "login_url": settings.get("login_url"),
        "client_id": settings.get("client_id"),
        "token_store": settings.get("token_store"),
        "has_refresh_token": stored is not None,
        "user_id": login.user_id if login else None,
        "org_id": login.org_id if login else None,
        "instance_url": login.instance_url if login else None,
        "scope": login.scope.split() if login else [],
        "logged_in_at": login.at if login else None,
    }


def _text(settings: LoginSettings, account: Account | None, facts: dict[str, Any]) -> str:
    if account is None:
        if facts["flow"] is None:
            return _NOT_CONFIGURED
        name = "token" if facts["flow"] == "token" else "flow"
        what = "A token" if name == "token" else f"The flow {facts['flow']}"
        return printable(_OTHER_FLOW.format(what=what, source=settings.source(name)))
    if account.stored is None:
        return printable(_EMPTY.format(place=account.place))
    since = facts["logged_in_at"]
    values = {
        "server": facts["login_url"],
        "app": facts["client_id"],
        "user": facts["user_id"],
        "org": facts["org_id"],
        "instance": facts["instance_url"],
        "scope": " ".join(facts["scope"]),
        "since": datetime.fromtimestamp(since).astimezone().isoformat(" ", "minutes") if since is not None else None,
        "until": _UNTIL,
        "token in": account.place,
        "options in": settings.source("flow"),
    }
    return "\n".join(
        ["Logged in.", *(f"  {name:<10} {printable(str(value))}" for name, value in values.items() if value)]
    )
