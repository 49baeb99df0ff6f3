"""`pybayeux serve --salesforce`: an emulated org in the terminal.

Owns the text that it shows, and the events that it publishes. The command and its options belong to the development
server, which finds `serve_org` through an entry point.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux_devserver.toolkit import publish_until_stopped

if TYPE_CHECKING:
    from .emulator import SalesforceEmulator

__all__ = ("serve_org",)

_DEMO: Final = "/event/Demo__e"
_YEAR: Final = 365 * 24 * 3600.0
_GREETING: Final = """\
Salesforce org at {url} (Ctrl-C stops it)

  endpoint       {endpoint}
  login          {token_url}
  client id      {client_id}
  client secret  {client_secret}
  username       {username}
  password       {password}
  refresh token  {refresh_token}

Listen, with a session id that lives for a year:

  PYBAYEUX_AUTH_TOKEN='{token}' \\
    pybayeux listen --since earliest {endpoint} {channels}

Listen, and log in as a program does without a user:

  PYBAYEUX_AUTH_FLOW=client_credentials PYBAYEUX_AUTH_LOGIN_URL={url} \\
    PYBAYEUX_AUTH_CLIENT_ID={client_id} \\
    PYBAYEUX_AUTH_CLIENT_SECRET={client_secret} \\
    pybayeux listen --since earliest {endpoint} {channels}

Log in as a person, in a browser, with the username and the password; listen then without further options:

  export PYBAYEUX_AUTH_CLIENT_SECRET={client_secret}
  pybayeux auth login --client-id {client_id} {url}
  pybayeux listen --since earliest {endpoint} {channels}

Publish, move the clients to another server, and lose the next events:

  curl -X POST {url}/control/publish -d '{{"channel": "{channel}", "payload": {{"Number__c": 1}}}}'
  curl -X POST {url}/control/rebalance
  curl -X POST {url}/control/fail_next -d '{{"kind": "reply-eof", "with_events": true}}'
"""


async def serve_org(streams: tuple[str, ...], rate: float, **options: Any) -> None:
    """Run an org until it is stopped.

    Args:
        streams: The channels to publish numbered events on.
        rate: Events a second on each channel.
        options: The arguments of `SalesforceEmulator`.

    Raises:
        ValueError: The name of a channel or the value of an option is invalid.
        OSError: The address cannot be listened on.
    """
    from .emulator import SalesforceEmulator

    org = SalesforceEmulator(**options)
    for channel in (_DEMO, *streams):
        org.define(channel)
    async with org, publish_until_stopped(partial(_publish, org), streams, rate) as stopped:
        click.echo(_greeting(org, streams or (_DEMO,)))
        await stopped.wait()


def _greeting(org: SalesforceEmulator, channels: tuple[str, ...]) -> str:
    credentials = org.credentials
    return _GREETING.format(
        url=org.url,
        endpoint=org.endpoint,
        token_url=credentials.token_url,
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        username=credentials.username,
        password=credentials.password,
        refresh_token=credentials.refresh_token,
        token=org.issue_token(lifetime=_YEAR),
        channels=" ".join(channels),
        channel=_DEMO,
    )


async def _publish(org: SalesforceEmulator, channel: str, number: int) -> None:
    if channel.startswith("/data/"):
        await org.publish_change(_entity(channel), "CREATE", [f"001xx{number:010}AAA"], {"Name": f"Number {number}"})
    else:
        await org.publish(channel, {"Number__c": number})


def _entity(channel: str) -> str:
    """An object whose changes a channel carries."""
    event = channel.removeprefix("/data/").removesuffix("ChangeEvent")
    if event.endswith("__"):
        return f"{event}c"
    return "Account" if event in ("ChangeEvents", channel) or event.endswith("__chn") else event
