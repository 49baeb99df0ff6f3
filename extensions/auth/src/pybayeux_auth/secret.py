"""Secrets: given as text or read from the environment, a file or the system's keyring.

A reference is one of ``env:NAME``, ``file:PATH`` and ``keyring:SERVICE/USER``. A secret is read at each use, so a
secret that was replaced meanwhile applies. It appears in no repr and no error.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias

from .errors import LoginMisconfiguredError
from .keyring import read_keyring

__all__ = ("Secret", "SecretSource", "digest", "is_reference")

SecretSource: TypeAlias = str | Path | Callable[[], str]
"""A secret, a reference to one, a file that contains it, or a function that returns it."""


class Secret:
    """A secret that is read when it is used.

    Args:
        source: The secret, or where it is.
        name: The name of the option, such as ``client_secret``, for errors.
    """

    def __init__(self, source: SecretSource, name: str) -> None:
        self._source: Final = source
        self._name: Final = name

    def __repr__(self) -> str:
        if isinstance(self._source, Path):
            return f"file:{self._source}"
        if isinstance(self._source, str) and is_reference(self._source):
            return self._source
        return "***"

    async def read(self) -> str:
        """Return the secret without surrounding whitespace.

        Raises:
            LoginMisconfiguredError: It is missing or empty, or cannot be read.
        """
        # In a thread: the file may be on a network, and the keyring may prompt the user.
        return await asyncio.to_thread(self._read)

    def _read(self) -> str:
        try:
            secret = _secret(self._source).strip()
        except LoginMisconfiguredError as error:
            raise LoginMisconfiguredError(f"{self._name}: {error}") from error
        if not secret:
            raise LoginMisconfiguredError(f"{self._name}: expected a secret; {self!r} is empty")
        return secret


def is_reference(text: str) -> bool:
    """Whether a text is a reference to a secret."""
    return text.partition(":")[0] in _READERS and ":" in text


def _secret(source: SecretSource) -> str:
    if isinstance(source, Path):
        return _from_file(str(source))
    if not isinstance(source, str):
        return source()
    if not is_reference(source):
        return source
    kind, _, place = source.partition(":")
    return _READERS[kind](place)


def _from_environment(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise LoginMisconfiguredError(f"the environment variable {name} is not set") from None


def _from_file(path: str) -> str:
    place = Path(path).expanduser()
    try:
        return place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LoginMisconfiguredError(f"the file {place} is not UTF-8 text") from None
    except OSError as error:
        raise LoginMisconfiguredError(f"the file {place} cannot be read: {error.strerror}") from error


def _from_keyring(place: str) -> str:
    service, slash, user = place.rpartition("/")
    if not (slash and service and user):
        raise LoginMisconfiguredError("expected keyring:SERVICE/USER")
    secret = read_keyring(service, user)
    if secret is None:
        raise LoginMisconfiguredError(
            f"the keyring has no secret of {service}/{user}; store it with: keyring set {service} {user}"
        )
    return secret


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "env": _from_environment,
    "file": _from_file,
    "keyring": _from_keyring,
}


def digest(*secrets: str | None) -> str:
    """Return a hash that distinguishes these secrets from others without revealing them."""
    hashed = sha256()
    for secret in secrets:
        text = (secret or "").encode()
        hashed.update(len(text).to_bytes(8) + text)  # the length keeps ("a", "b") and ("ab",) apart
    return hashed.hexdigest()
