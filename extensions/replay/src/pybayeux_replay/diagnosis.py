"""Which errors of a store stay until its configuration is changed. Waiting for a store helps against all others.

What a driver's own errors mean is known by the stores (`DiagnosticStore`). Here is what they have in common.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from pybayeux.errors import BayeuxError

from .store import DiagnosticStore

if TYPE_CHECKING:
    from .store import Store

__all__ = ("is_permanent", "is_permanent_by_type", "is_unknown_host")

_PERMANENT: Final = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)
_UNKNOWN: Final = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


def is_permanent(store: Store | None, error: Exception) -> bool:
    """Whether an error of a store stays until something is changed in its configuration.

    Args:
        store: The store, or None if it could not even be made.
        error: What one of its methods raised.
    """
    if store is None or isinstance(error, BayeuxError):
        return True
    return store.is_permanent(error) if isinstance(store, DiagnosticStore) else is_permanent_by_type(error)


def is_permanent_by_type(error: Exception) -> bool:
    """Whether an error is none of the network's and none of a full disk's: a missing folder, a wrong value, a bug."""
    return not isinstance(error, OSError) or isinstance(error, _PERMANENT)


def is_unknown_host(name: str) -> bool:
    """Whether no host has this name. False if that cannot be found out at present. It may wait for a name server."""
    try:
        socket.getaddrinfo(name, None)
    except socket.gaierror as error:
        return error.errno in _UNKNOWN
    except UnicodeError:
        return True  # such as one with an empty label
    return False
