"""The certificates that clients trust, loaded once for all the clients that use them at the same time.

Knows the environment variables and where the libraries have certificates from; nothing of connections.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import WeakValueDictionary

from ..errors import TransportError
from .environment import check_tls_files

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

__all__ = ("system_certificates", "trusted_certificates")

_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")

_Source: TypeAlias = "tuple[object, ...]"

_in_use: Final[WeakValueDictionary[_Source, ssl.SSLContext]] = WeakValueDictionary()
"""The contexts in use, by what they were made from. One takes 0.8 MB, as much as ten clients, and tens of ms."""


def trusted_certificates() -> ssl.SSLContext:
    """A context with the certificates that httpx trusts: those that the environment names, otherwise certifi's.

    It is shared, and not to be changed.

    Raises:
        TransportError: The certificates cannot be loaded, or the environment names files that are not there; it is
            fatal.
    """
    import httpx  # slow to import

    return _shared(httpx.create_ssl_context, os.environ.get("SSL_CERT_FILE"))


def system_certificates() -> ssl.SSLContext:
    """The same with those that the system trusts, as asyncio, and so each library for WebSockets, has them.

    Raises:
        TransportError: As for `trusted_certificates`.
    """
    import ssl

    return _shared(ssl.create_default_context, ssl.get_default_verify_paths().cafile)


def _shared(make: Callable[[], ssl.SSLContext], file: str | None) -> ssl.SSLContext:
    check_tls_files()
    try:
        # A file may be replaced while the process runs.
        changed = os.stat(file).st_mtime_ns if file else None
        source = (make, changed, *map(os.environ.get, _VARIABLES))
        context = _in_use.get(source)
        if context is None:
            context = _in_use[source] = make()
    except OSError as error:
        why = "the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be loaded"
        raise TransportError(f"{why}: {error}", fatal=True, unsent=True) from error
    return context
