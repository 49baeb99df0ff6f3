"""The command `pybayeux auth login`: its arguments, help and output."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux import printable

from .command_line import resolve_login_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from .login.device_flow import DeviceCodes
    from .login.person import Login

__all__ = ("EXIT_CODES", "login")

EXIT_CODES: Final = """
\b
Exit codes:
  0    Done.
  1    The login server refused, or could not be reached, or nobody has logged in in time.
  2    The configuration is incomplete or wrong.
  130  Interrupted by Ctrl-C.
"""
_EPILOG: Final = f"""
\b
Before the first login, create an app (client) at the server. At Salesforce: Setup, an external client app with OAuth,
the scopes "api" and "refresh_token", and the callback URL http://localhost:1717/OauthRedirect.

\b
Examples:
  pybayeux auth login --client-id 3MVG9... https://my-org.my.salesforce.com
  pybayeux auth login --client-id 3MVG9... salesforce://my-org
      The same, in short (with pybayeux-salesforce).
  pybayeux auth login --client-id 3MVG9... --device salesforce://my-org
      On a machine without a browser. Salesforce's apps have to allow it: Enable for Device Flow.
  pybayeux auth login --client-id 3MVG9... --no-browser --port 8400
      Print the address. Over SSH, forward the port of the redirect URI: ssh -L 8400:127.0.0.1:8400 host
  pybayeux auth login --client-id my-app https://id.example.com/.well-known/oauth-authorization-server
      Another server, by its metadata.
  pybayeux -x auth.client_secret=env:APP_SECRET auth login --client-id 3MVG9...
      An app with a secret. A reference is written to the file; a plain secret is not.

\b
Options that are not given here come from -x auth.OPTION=VALUE, PYBAYEUX_AUTH_OPTION, or pybayeux.toml:
  client_id, client_secret, login_url, scope, token_endpoint_auth_method, token_store
{EXIT_CODES}"""


@click.command(epilog=_EPILOG)
@click.argument("url", required=False)
@click.option("--client-id", metavar="ID", help="The app's id (Salesforce: consumer key).")
@click.option("--device", is_flag=True, help="Log in on another device, with a code that is printed here.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="The port of the redirect URI; 0 for a free one. [default: 1717 for Salesforce, else a free one]",
)
@click.option(
    "--redirect-uri",
    metavar="URI",
    help="Where the browser comes back to, as the app has it: http://localhost:PORT/PATH or http://127.0.0.1:PORT/PATH.",
)
@click.option(
    "--scope", metavar="SCOPES", help="The scopes, separated by spaces. [default: 'api refresh_token' for Salesforce]"
)
@click.option(
    "--token-store",
    metavar="STORE",
    help="Where the refresh token is kept: keyring, file, keyring:SERVICE/USER or file:PATH. [default: the keyring, if "
    "there is one, else a file of the user]",
)
@click.option("--no-config", is_flag=True, help="Write no configuration, and print it as variables instead.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up if nobody has logged in by then.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.pass_context
def login(
    context: click.Context,
    url: str | None,
    client_id: str | None,
    device: bool,
    no_browser: bool,
    port: int | None,
    redirect_uri: str | None,
    scope: str | None,
    token_store: str | None,
    no_config: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Log in as a person, in a browser, and keep the login for the clients that are started in this folder.

    URL is the login server: the org's own address at Salesforce (without it, https://login.salesforce.com), or the
    token endpoint or the metadata of another server.

    The refresh token goes into the keyring or a file that only you can read. The rest, which is no secret, goes into
    pybayeux.toml, or into pyproject.toml if that has options of extensions.
    """
    from .login.person import LoginOptions, log_in_person
    from .login.settings import LoginSettings

    cli_options = context.find_root().obj
    login_url = None if url is None else resolve_login_url(cli_options, url)
    settings = LoginSettings(
        cli_options, client_id=client_id, login_url=login_url, scope=scope, token_store=token_store
    )
    options = LoginOptions(
        use_device=device,
        port=port,
        redirect_uri=redirect_uri,
        timeout=timeout,
        writes_config=not no_config,
        show_address=_address_shower(opens_browser=not no_browser),
        show_codes=_show_codes,
    )
    done = asyncio.run(log_in_person(settings, options))
    click.echo(json.dumps(_facts(done)) if as_json else _text(done))


def _address_shower(*, opens_browser: bool) -> Callable[[str, str], None]:
    from .login.opening import has_browser, open_browser

    def show(address: str, redirect_uri: str) -> None:
        if opens_browser and has_browser():
            _tell(f"Log in with the browser that opens. If none does, open this address:\n\n  {address}\n")
            open_browser(address)
            return
        _tell(
            f"Open this address in a browser that can reach {redirect_uri} on this machine, or use --device:\n\n"
            f"  {address}\n"
        )

    return show


def _show_codes(codes: DeviceCodes) -> None:
    _tell(f"Open this address on any device, and type the code {codes.user_code}:\n\n  {codes.address}\n")
    if codes.complete_address is not None:
        _tell(f"With the code in it:\n\n  {codes.complete_address}\n")


def _tell(text: str) -> None:
    click.echo("\n".join(printable(line) for line in text.split("\n")), err=True)


def _facts(done: Login) -> dict[str, Any]:
    grant = done.grant
    return {
        "user_id": grant.user_id,
        "org_id": grant.org_id,
        "instance_url": grant.instance_url,
        "scope": list(grant.scope),
        "options": dict(done.options),
        "config": None if done.config is None else str(done.config),
    }


def _text(done: Login) -> str:
    grant = done.grant
    values = {
        "user": grant.user_id,
        "org": grant.org_id,
        "instance": grant.instance_url,
        "scope": " ".join(grant.scope),
        "token in": done.options["token_store"],
        "options in": done.config,
    }
    lines = ["Logged in.", *(f"  {name:<10} {printable(str(value))}" for name, value in values.items() if value)]
    if done.config is None:
        lines += ["Clients use it with:", *(_variable(name, value) for name, value in done.unwritten.items())]
    elif "client_secret" in done.unwritten:
        lines.append(
            "client_secret was given as plain text and is not written: set PYBAYEUX_AUTH_CLIENT_SECRET, or give a "
            "reference such as file:PATH"
        )
    return "\n".join(lines)


def _variable(name: str, value: str) -> str:
    from shlex import quote

    from .secret import is_reference

    shown = "..." if name == "client_secret" and not is_reference(value) else quote(printable(value))
    return f"  export PYBAYEUX_AUTH_{name.upper()}={shown}"
