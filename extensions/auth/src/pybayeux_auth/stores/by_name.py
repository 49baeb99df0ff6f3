"""Token stores by their names in a configuration: ``file:PATH``, ``keyring:SERVICE/USER``, or a plain path."""

from __future__ import annotations

from ..errors import LoginMisconfiguredError
from .file import FileTokenStore
from .keyring import KeyringTokenStore

__all__ = ("store_of",)


def store_of(name: str) -> FileTokenStore | KeyringTokenStore:
    """Create the store with this name.

    Raises:
        LoginMisconfiguredError: The name has another form.
    """
    kind, _, place = name.partition(":")
    path = place if kind == "file" else name
    if kind == "keyring":
        service, _, user = place.rpartition("/")
        if service and user:
            return KeyringTokenStore(service, user)
    elif path:
        return FileTokenStore(path)
    raise LoginMisconfiguredError(f"token_store: expected file:PATH or keyring:SERVICE/USER; got {name!r}")
