"""Where a secret is: in the configuration itself, in the environment, in a file, or in the system's keyring.

Owns the references ``env:NAME``, ``file:PATH`` and ``keyring:SERVICE/USER``. A secret is read each time that it is
used, so that one that was replaced meanwhile counts, and it is in no text.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from .errors import LoginMisconfiguredError
from .keyring import read_keyring

__all__ = ("Secret", "SecretSource", "is_reference")

SecretSource: TypeAlias = str | Path | Callable[[], str]
"""A secret, a reference to one, a file that has it, or a function that gives it."""


class Secret:
    """A secret that is read when it is needed.

    Args:
        source: Where it is.
        name: What messages call it, such as ``client_secret``.
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
        """The secret, without the spaces and line ends around it.

        Raises:
            LoginMisconfiguredError: There is none, or it cannot be read.
        """
        return await asyncio.to_thread(self._read)  # a file may be far away, and a keyring may ask its owner

    def _read(self) -> str:
        try:
            secret = _secret(self._source).strip()
        except LoginMisconfiguredError as error:
            raise LoginMisconfiguredError(f"{self._name}: {error}") from error
        if not secret:
            raise LoginMisconfiguredError(f"{self._name}: {self!r} is empty")
        return secret


def is_reference(text: str) -> bool:
    """Whether a text says where a secret is, instead of being one."""
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
        raise LoginMisconfiguredError(f"there is no environment variable {name}") from None


def _from_file(path: str) -> str:
    place = Path(path).expanduser()
    try:
        return place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LoginMisconfiguredError(f"the file {place} is no text") from None
    except OSError as error:
        raise LoginMisconfiguredError(f"the file {place} cannot be read: {error.strerror}") from error


def _from_keyring(place: str) -> str:
    service, slash, user = place.rpartition("/")
    if not (slash and service and user):
        raise LoginMisconfiguredError("a reference to the keyring is written keyring:SERVICE/USER")
    secret = read_keyring(service, user)
    if secret is None:
        raise LoginMisconfiguredError(f"the keyring has nothing of {service}/{user}: keyring set {service} {user}")
    return secret


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "env": _from_environment,
    "file": _from_file,
    "keyring": _from_keyring,
}
