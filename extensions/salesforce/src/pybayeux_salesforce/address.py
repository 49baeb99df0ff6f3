"""Addresses of orgs: ``salesforce://my-org``, the streaming endpoint of each, and the identity of the org there.

My Domain is the address to use: it stays the same when the org moves to another instance.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from pybayeux.errors import UsageError

if TYPE_CHECKING:
    from pybayeux_auth import Grant

__all__ = (
    "LOGIN_HOSTS",
    "NEWEST",
    "SCHEME",
    "endpoint_at",
    "endpoint_of",
    "endpoint_origin",
    "is_salesforce",
    "is_streaming_path",
    "org_id_of",
    "replay_origin_of",
    "version_of",
)

SCHEME: Final = "salesforce"
NEWEST: Final = "67.0"
"""The API version that is used by default."""
LOGIN_HOSTS: Final = ("login.salesforce.com", "test.salesforce.com")
"""Hosts that all orgs share. They have no streaming endpoint: the login says where the org is."""

_OLDEST: Final = 37
_VERSION: Final = re.compile(r"v?(?P<major>\d{1,3})(?:\.0)?")
_PATH: Final = re.compile(r"/cometd/(?P<version>[^/]+)/?")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
# The last label is the partition that some kinds of orgs have in their My Domain.
_MY_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.(?:sandbox|develop|scratch|trailblaze|demo|free|patch|pc-rnd))?")
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_HOSTS_OF_SALESFORCE: Final = (
    ".salesforce.com",
    ".salesforce.mil",
    ".force.com",
    ".force.mil",
    ".cloudforce.com",
    ".my.site.com",
    ".my.salesforce-sites.com",
)
_ORG_ID: Final = re.compile(r"00D\w{12}")
_EXPECTED: Final = (
    "expected one of salesforce://my-org (My Domain), salesforce://my-org--dev.sandbox, "
    "salesforce://host.my.salesforce.com, salesforce://login, salesforce://test, each with an optional ?version=58.0"
)


@lru_cache(maxsize=64)
def is_salesforce(url: str) -> bool:
    """Whether the host of a URL is one of Salesforce's. Cached: it is asked for each message."""
    return f".{urlsplit(url).hostname or ''}".lower().endswith(_HOSTS_OF_SALESFORCE)


def is_streaming_path(url: str) -> bool:
    """Whether a URL is the endpoint of an org. A site's endpoint has a path of its own before it."""
    return _PATH.fullmatch(urlsplit(url).path) is not None


def endpoint_of(address: str) -> str:
    """Return the URL of the streaming endpoint of an address.

    - ``salesforce://my-org``, ``salesforce://my-org--dev.sandbox``: the My Domain, without ``.my.salesforce.com``.
    - ``salesforce://host.my.salesforce.com``, optionally with a port: a full host.
    - ``salesforce://login``, ``salesforce://test``: the hosts that all orgs share. The client moves to the org's own
      host when its login has returned it.
    - ``salesforce://localhost:8080`` and other names of this machine: an emulator, over plain HTTP.
    - ``http(s)://host``: the endpoint of the org there; with a path it is used unchanged, for a site.

    Each may end with ``?version=58.0``.

    Raises:
        UsageError: The address has none of these forms, or the version is not served.
    """
    parts, version = _read(address)
    if parts.scheme in ("http", "https"):
        if parts.path.strip("/"):
            _check_path(parts.path)
            return f"{parts.scheme}://{parts.netloc}{parts.path}"
        return f"{parts.scheme}://{parts.netloc}/cometd/{version}"
    if parts.scheme != SCHEME or parts.path.strip("/"):
        raise UsageError(f"url: it is not the address of an org; {_EXPECTED}")
    return f"{_origin(parts)}/cometd/{version}"


def endpoint_origin(endpoint: str) -> str:
    """Return the URL of the org at an endpoint, without a path."""
    place = urlsplit(endpoint)
    return f"{place.scheme}://{place.netloc}"


def endpoint_at(instance_url: str, endpoint: str) -> str:
    """Return the same endpoint at another instance URL, the one that a login returned."""
    place = urlsplit(instance_url)
    return f"{place.scheme}://{place.netloc}{urlsplit(endpoint).path}"


def version_of(endpoint: str) -> str:
    """Return the API version in an endpoint's path; `NEWEST` if there is none.

    Raises:
        UsageError: The version is not served.
    """
    found = _PATH.fullmatch(urlsplit(endpoint).path)
    return _checked_version(found["version"]) if found is not None else NEWEST


def org_id_of(grant: Grant) -> str | None:
    """Return the 15-character id of the org that a login was for; None if neither login nor token has it.

    Salesforce's tokens and session ids begin with the id. The 18-character form adds a checksum only.
    """
    for text in (grant.org_id, grant.access_token.partition("!")[0] if "!" in grant.access_token else None):
        if text is not None and (found := _ORG_ID.match(text)) is not None:
            return found[0]
    return None


def replay_origin_of(org_id: str | None, url: str, instance: str | None) -> str | None:
    """Return org, host and instance, which replay stores with each position; None if the org is not known.

    Replay ids are valid on one instance of one org. After a move of the org to another instance, or a refresh of a
    sandbox, an old id is refused or belongs to another event. The host is that of My Domain, and stays in a move. An
    instance that is not known is an empty part.
    """
    if org_id is None:
        return None
    return f"{org_id}@{urlsplit(url).netloc.rpartition('@')[2].lower()}@{instance or ''}"


def _read(address: str) -> tuple[SplitResult, str]:
    """Return the parts of an address and its version."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        raise UsageError(f"url: host or port cannot be parsed; {_EXPECTED}") from None
    if not parts.hostname:
        raise UsageError(f"url: it has no host; {_EXPECTED}")
    if parts.username is not None:
        raise UsageError("url: an org's address must not contain a user and password; log in with pybayeux-auth")
    query = parse_qs(parts.query, keep_blank_values=True)
    if unknown := [name for name in query if name != "version"]:
        raise UsageError(f"url: expected no query parameter but version; got {unknown[0]!r}")
    return parts, _checked_version(query["version"][-1] if query else NEWEST)


def _checked_version(text: str) -> str:
    found = _VERSION.fullmatch(text)
    if found is None:
        raise UsageError(f"version: expected an API version such as {NEWEST}; got {text!r}")
    if int(found["major"]) < _OLDEST:
        raise UsageError(f"version: {text} is no longer served; expected one from {_OLDEST}.0 on, such as {NEWEST}")
    return f"{int(found['major'])}.0"


def _check_path(path: str) -> None:
    if (found := _PATH.fullmatch(path)) is not None:
        _checked_version(found["version"])


def _origin(parts: SplitResult) -> str:
    name = parts.hostname or ""
    port = f":{parts.port}" if parts.port is not None else ""
    if name in _LOOPBACK:
        return f"http://{f'[{name}]' if ':' in name else name}{port}"
    return f"https://{_host(name)}{port}"


def _host(name: str) -> str:
    if name in ("login", "test"):
        return f"{name}.salesforce.com"
    if _MY_DOMAIN.fullmatch(name):
        return f"{name}.my.salesforce.com"
    if _HOST.fullmatch(name):
        return name
    raise UsageError(f"url: {name!r} is neither a My Domain nor a host name; {_EXPECTED}")
