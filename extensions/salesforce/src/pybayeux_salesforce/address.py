"""Addresses of orgs: ``salesforce://my-org``, and the streaming endpoint that each means.

Owns the form of both. My Domain is the address to use: it outlives moves of the org to another instance.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from pybayeux.errors import UsageError

__all__ = (
    "LOGIN_HOSTS",
    "NEWEST",
    "SCHEME",
    "endpoint_at",
    "endpoint_of",
    "is_salesforce",
    "is_streaming_path",
    "version_of",
)

SCHEME: Final = "salesforce"
NEWEST: Final = "67.0"
"""The API version that is asked for by default."""
LOGIN_HOSTS: Final = ("login.salesforce.com", "test.salesforce.com")
"""Hosts that all orgs share, where nothing streams: the login says where the org is."""

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
_EXAMPLES: Final = (
    "write salesforce://my-org (My Domain), salesforce://my-org--dev.sandbox, salesforce://host.my.salesforce.com, "
    "salesforce://login or salesforce://test, each with ?version=58.0 behind it if need be"
)


def is_salesforce(url: str) -> bool:
    """Whether an address is one of Salesforce's own hosts, for a browser or an API client."""
    return f".{urlsplit(url).hostname or ''}".lower().endswith(_HOSTS_OF_SALESFORCE)


def is_streaming_path(url: str) -> bool:
    """Whether an address is the endpoint of an org, and not that of a site with a path of its own before it."""
    return _PATH.fullmatch(urlsplit(url).path) is not None


def endpoint_of(address: str) -> str:
    """The streaming endpoint that an address means.

    - ``salesforce://my-org``, ``salesforce://my-org--dev.sandbox``: My Domain without its end.
    - ``salesforce://host.my.salesforce.com``, with a port if it has one: a whole host.
    - ``salesforce://login``, ``salesforce://test``: the hosts that all orgs share. The client moves to the org's own as
      soon as its login has said where that is.
    - ``salesforce://localhost:8080`` and other names of this machine: an emulator, over plain HTTP.
    - ``http(s)://host``: the org's endpoint there; with a path, as it is, for a site whose endpoint is elsewhere.

    Each may have ``?version=58.0`` behind it.

    Raises:
        UsageError: It is none of these, or there is no such version.
    """
    parts, version = _read(address)
    if parts.scheme in ("http", "https"):
        if parts.path.strip("/"):
            _check_path(parts.path)
            return f"{parts.scheme}://{parts.netloc}{parts.path}"
        return f"{parts.scheme}://{parts.netloc}/cometd/{version}"
    if parts.scheme != SCHEME or parts.path.strip("/"):
        raise UsageError(f"url: not the address of an org; {_EXAMPLES}")
    return f"{_origin(parts)}/cometd/{version}"


def endpoint_at(instance_url: str, endpoint: str) -> str:
    """The same endpoint at the place where a login says that the org is."""
    place = urlsplit(instance_url)
    return f"{place.scheme}://{place.netloc}{urlsplit(endpoint).path}"


def version_of(endpoint: str) -> str:
    """The API version in an endpoint's path; the newest where there is none."""
    found = _PATH.fullmatch(urlsplit(endpoint).path)
    return _checked_version(found["version"]) if found is not None else NEWEST


def _read(address: str) -> tuple[SplitResult, str]:
    """The parts of an address and the version that it asks for."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        raise UsageError(f"url: its host or port cannot be read; {_EXAMPLES}") from None
    if not parts.hostname:
        raise UsageError(f"url: no host in it; {_EXAMPLES}")
    if parts.username is not None:
        raise UsageError("url: a user and password have no place in an org's address; log in with pybayeux-auth")
    query = parse_qs(parts.query, keep_blank_values=True)
    if unknown := [name for name in query if name != "version"]:
        raise UsageError(f"url: nothing but ?version=... may follow the address, not {unknown[0]!r}")
    return parts, _checked_version(query["version"][-1] if query else NEWEST)


def _checked_version(text: str) -> str:
    found = _VERSION.fullmatch(text)
    if found is None:
        raise UsageError(f"version {text!r}: API versions look like {NEWEST}")
    if int(found["major"]) < _OLDEST:
        raise UsageError(
            f"version {text} is no longer served: {_OLDEST}.0 is the oldest one, {NEWEST} the newest known here"
        )
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
    raise UsageError(f"url: {name!r} is neither a My Domain nor a host; {_EXAMPLES}")
