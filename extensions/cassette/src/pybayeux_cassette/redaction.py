"""`Redaction`: what of an event never gets into a cassette.

Owns the rules: members that are removed, members whose values are replaced, and members whose names say that they are
secrets. A value is replaced by a pseudonym of its own type, the same one each time, so that records can be joined. The
key of the pseudonyms is random and is not kept: a value cannot be found by trying.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pybayeux import is_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ("Redaction",)

_HARMLESS: Final = frozenset({"transactionKey"})
"""Names that sound like a secret's and are none: the header of Salesforce's change events has a member of this name."""

_is_secret: Final = lru_cache(maxsize=4096)(is_secret)

_INTEGERS: Final = 2**48
"""Below what a double can express, so that JavaScript reads the same number."""


class Redaction:
    """Takes secrets and chosen members out of data.

    A path is the end of the way to a member: ``Email`` means each member of that name, ``payload.Email`` those inside a
    member ``payload``. ``*`` stands for one name. Lists count for nothing on the way. The paths of data begin with
    ``data``, those of an `ext` with ``ext``.

    Without any path, members are replaced whose name says that they are secrets: ``token``, ``password``, ``apiKey``,
    ``cookie``, ``session`` and the like, as `pybayeux.is_secret` has it.

    Args:
        redact: Paths whose values are replaced, each text and number by a pseudonym of its type.
        remove: Paths of members that are removed.
        not_secret: Paths that stay although their names sound like those of secrets.
        key: The key of the pseudonyms, for the same ones in several recordings. It is a secret itself. None makes a
            random one.

    Attributes:
        redacted: The given paths.
        removed: The given paths.
        secrets: How often a member was replaced because of its name, by path.

    Raises:
        ValueError: A path has an empty part.
    """

    def __init__(
        self,
        *,
        redact: Iterable[str] = (),
        remove: Iterable[str] = (),
        not_secret: Iterable[str] = (),
        key: bytes | None = None,
    ) -> None:
        self.redacted: Final = tuple(redact)
        self.removed: Final = tuple(remove)
        self._redact: Final = _Paths(self.redacted)
        self._remove: Final = _Paths(self.removed)
        self._not_secret: Final = _Paths(not_secret)
        self._key: Final = secrets.token_bytes(32) if key is None else key
        self.secrets: Final[Counter[str]] = Counter()

    def __call__(self, value: Any, root: str = "data", *, clean: Callable[[str], str] = str) -> Any:
        """A copy of the value without what must not be kept.

        Args:
            value: A JSON value.
            root: The first part of the paths in it.
            clean: Takes credentials out of a text that is kept.
        """
        return self._copy(value, (root,), clean)

    def _copy(self, value: Any, way: tuple[str, ...], clean: Callable[[str], str]) -> Any:
        if isinstance(value, str):
            return clean(value)
        if isinstance(value, list):
            return [self._copy(each, way, clean) for each in value]
        if not isinstance(value, dict):
            return value
        members = ((name, each, (*way, name)) for name, each in value.items())
        return {
            clean(name): self._member(name, each, there, clean)
            for name, each, there in members
            if not self._remove.lead_to(there)
        }

    def _member(self, name: str, value: Any, way: tuple[str, ...], clean: Callable[[str], str]) -> Any:
        if self._redact.lead_to(way):
            return self._pseudonyms(value)
        if _is_secret(name) and name not in _HARMLESS and not self._not_secret.lead_to(way):
            self.secrets[".".join(way)] += 1
            return self._pseudonyms(value)
        return self._copy(value, way, clean)

    def _pseudonyms(self, value: Any) -> Any:
        """The value with a pseudonym for each text and number in it; true, false and null say too little to replace."""
        if isinstance(value, dict):
            return {name: self._pseudonyms(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._pseudonyms(each) for each in value]
        if value is None or isinstance(value, bool):
            return value
        digest = hmac.digest(self._key, msgspec.json.encode(value), hashlib.sha256)
        if isinstance(value, str):
            return f"redacted-{digest[:8].hex()}"
        number = int.from_bytes(digest[:8]) % _INTEGERS
        return number if isinstance(value, int) else number / 100


class _Paths:
    """Some paths, and whether one of them leads to a member."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: Final[dict[str, list[tuple[str, ...]]]] = {}
        for path in paths:
            *before, name = parts = path.split(".")
            if not all(parts):
                raise ValueError(f"expected names with dots between them, such as payload.Email; got {path!r}")
            self._by_name.setdefault(name, []).append(tuple(reversed(before)))

    def lead_to(self, way: tuple[str, ...]) -> bool:
        """Whether a path is the end of this way."""
        found = (*self._by_name.get(way[-1], ()), *self._by_name.get("*", ()))
        return bool(found) and any(_is_end(before, way[-2::-1]) for before in found)


def _is_end(before: tuple[str, ...], way: tuple[str, ...]) -> bool:
    """Whether the way, both from the member back, begins with these names."""
    return len(before) <= len(way) and all(part in ("*", name) for part, name in zip(before, way, strict=False))
