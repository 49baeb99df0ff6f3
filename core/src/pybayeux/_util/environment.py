"""The environment's settings for the way to a server: the proxy for an address, and the certificates to trust.

One rule for every transport and library: the libraries' own rules differ in what goes past a proxy, and in what they
make of a value that they cannot read. Opens nothing.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import TransportError

__all__ = ("Proxy", "check_tls_files", "is_loopback", "proxy_for")

_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_CERTIFICATES: Final = {"SSL_CERT_FILE": "file", "SSL_CERT_DIR": "directory"}
_KEY_LOG: Final = "SSLKEYLOGFILE"


class Proxy(NamedTuple):
    """A proxy that the environment names.

    Attributes:
        url: Its address, perhaps with a user and a password.
        variable: Where it is set.
    """

    url: str
    variable: str

    def __str__(self) -> str:
        """Which proxy this is, without user and password."""
        parts = urlsplit(self.url)
        bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
        return f"the proxy {bare} of {self.variable}"


def proxy_for(url: str) -> Proxy | None:
    """The proxy that is between here and an address of HTTP or WebSocket; None for a direct connection.

    A server on this machine is reached directly, whatever the environment says. An entry of `NO_PROXY` may be a host, a
    domain, an address or a network; one that is none of them is skipped.

    Raises:
        TransportError: The proxy's address is none, or of a kind that is unknown; it is fatal.
    """
    parts = urlsplit(url)
    host, scheme = parts.hostname or "", {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if is_loopback(host):
        return None
    proxies = getproxies()
    name = next((name for name in (scheme, "all", "socks") if proxies.get(name)), None)
    if name is None or _is_excepted(host, proxies.get("no", "")) or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return _checked(proxies[name], _variable(name))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost")


def _is_excepted(host: str, no_proxy: str) -> bool:
    """Whether `NO_PROXY` names an address or a network that a host is in; names are urllib's to compare."""
    entries = [entry.strip() for entry in no_proxy.split(",")]
    try:
        address = ip_address(host)
    except ValueError:
        return "*" in entries
    return "*" in entries or any(_has(entry, address) for entry in entries)


def _has(network: str, address: object) -> bool:
    try:
        return address in ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def _variable(name: str) -> str:
    candidates = (f"{name}_proxy", f"{name.upper()}_PROXY")
    return next((each for each in candidates if os.environ.get(each)), "the system's settings")


def _checked(url: str, variable: str) -> Proxy:
    scheme = _SCHEME.match(url)
    proxy = Proxy(url if scheme is not None else f"http://{url}", variable)
    if scheme is not None and scheme[1].lower() not in _SCHEMES:
        kinds = ", ".join(_SCHEMES)
        raise TransportError(
            f"{variable}: expected a proxy of one of {kinds}; got {scheme[0]}", fatal=True, unsent=True
        )
    try:
        parts = urlsplit(proxy.url)
        if parts.hostname and parts.port != 0:
            return proxy
    except ValueError:
        pass
    # Without the value: it may have a password.
    raise TransportError(
        f"{variable}: its value is not the address of a proxy, such as http://host:8080", fatal=True, unsent=True
    )


def check_tls_files() -> None:
    """See that the certificates which the environment names are there, and that its log of keys can be written.

    Raises:
        TransportError: They are not, or it cannot; it is fatal.
    """
    for variable, kind in _CERTIFICATES.items():
        path = os.environ.get(variable)
        if path and not os.path.exists(path):
            raise TransportError(f"{variable}: there is no {kind} {path}", fatal=True, unsent=True)
    if path := os.environ.get(_KEY_LOG):
        try:
            open(path, "a").close()  # as the ssl module is about to do
        except OSError as error:
            raise TransportError(f"{_KEY_LOG}: {error}", fatal=True, unsent=True) from error
