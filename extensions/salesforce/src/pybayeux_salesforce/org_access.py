"""Access to an org for commands: which org, the login, and the REST client.

The login is that of the configured extension `auth`, through its hook `log_in`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from pybayeux.errors import UsageError
from pybayeux_auth import log_in_as_configured

from .address import LOGIN_HOSTS, NEWEST, endpoint_of, version_of
from .rest import RestClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pybayeux_auth import Grant

__all__ = ("EXIT_CODES", "in_org", "split_address")

T = TypeVar("T")

EXIT_CODES: Final = """
\b
Exit codes:
  0  Done.
  1  The org or the login server refused, or could not be reached.
  2  The configuration is incomplete or wrong.
"""
"""The end of the help of each command."""

_NO_LOGIN: Final = "auth is not configured; pybayeux auth test --help shows how to log in"
_NO_ADDRESS: Final = "the login returned no instance URL; expected the org's own address, such as salesforce://my-org"


def split_address(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the address among the operands of a command, which is the first or missing, and the other operands."""
    if words and "://" in words[0]:
        return words[0], list(words[1:])
    return None, list(words)


def in_org(address: str | None, use: Callable[[RestClient], Awaitable[T]]) -> T:
    """Log in to an org once, and run a coroutine function with its REST client.

    Args:
        address: ``salesforce://my-org`` and the like. None for the org that the login returns.
        use: What to do.

    Raises:
        UsageError: The address is not valid, or neither it nor the login says where the org is.
        BayeuxError: The login failed, or the org refused.
    """
    return asyncio.run(_in_org(click.get_current_context().find_root().obj, address, use))


async def _in_org(cli_options: Any, address: str | None, use: Callable[[RestClient], Awaitable[T]]) -> T:
    endpoint = None if address is None else endpoint_of(address)
    grant = await log_in_as_configured(cli_options, not_configured=_NO_LOGIN)
    version = NEWEST if endpoint is None else version_of(endpoint)
    async with RestClient(_instance_url(endpoint, grant), grant.access_token, version) as rest:
        return await use(rest)


def _instance_url(endpoint: str | None, grant: Grant) -> str:
    """Return the URL of the org: the one that the login returned, else that of the address."""
    if grant.instance_url is not None:
        return grant.instance_url
    parts = urlsplit(endpoint or "")
    if endpoint is None or parts.hostname in LOGIN_HOSTS:
        raise UsageError(f"URL: {_NO_ADDRESS}")
    return f"{parts.scheme}://{parts.netloc}"
