"""The changes that a hook made, as a small diff without secrets.

Knows what may be shown: the members of a message, the address and headers of a request. Every text in an `ext`, every
header and every value whose name says so counts as a secret: that it changed is shown, its value never is. Of texts in
`data` the length is shown: another extension may be there to hide them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from .._util.credentials import is_secret
from .._util.redact import Redactor
from ..message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("Change", "Snapshot", "changes_between", "snapshot", "without_secrets")

Path = tuple[str, ...]

_MASK: Final = "***"
_SHOWN: Final = 60
_DEEPEST: Final = 8
_redact: Final = Redactor()


@dataclass(frozen=True, slots=True)
class Change:
    """One member that a hook added, changed or took away.

    Attributes:
        path: Where it is, such as ``("ext", "ack")``.
        before: What it was, as text; None where it was absent.
        after: What it is now.
    """

    path: Path
    before: str | None
    after: str | None

    def __str__(self) -> str:
        # Without a colon: the redactor would take "token: absent" for a secret.
        before, after = ("absent" if each is None else each for each in (self.before, self.after))
        return f"{'.'.join(self.path)} {before} -> {after}"


Snapshot = dict[Path, Any]
"""The values of an object's members, by their place."""


def snapshot(subject: object) -> Snapshot:
    """The members of a message or a request at this moment; empty for anything else."""
    if isinstance(subject, Message):
        return dict(_members(subject))
    if hasattr(subject, "headers") and hasattr(subject, "url"):
        return dict(_request(subject.url, subject.headers))
    return {}


def changes_between(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """What differs, in the order of the members."""
    paths = dict.fromkeys((*before, *after))
    return tuple(
        Change(path, *(_shown(path, each[path]) if path in each else None for each in (before, after)))
        for path in paths
        if (path in before) != (path in after) or before.get(path) != after.get(path)
    )


def without_secrets(ext: Mapping[str, Any]) -> dict[str, Any]:
    """An `ext` in which every text is masked; numbers and true and false are left."""
    return {str(name): _harmless(value) for name, value in ext.items()}


def _harmless(value: Any) -> Any:
    if isinstance(value, dict):
        return without_secrets(value)
    if isinstance(value, list):
        return [_harmless(each) for each in value]
    return _MASK if isinstance(value, str) else value


def _members(message: Message) -> Iterator[tuple[Path, Any]]:
    for name in message.__struct_fields__:
        value = getattr(message, name) if name != "data" else None
        if value is not None:
            yield from _leaves((name,), msgspec.to_builtins(value, str_keys=True) if name == "advice" else value)
    for name, value in message.__dict__.get("extra", {}).items():
        yield from _leaves((name,), value)
    if message.has_data:
        yield from _leaves(("data",), _data(message))


def _data(message: Message) -> Any:
    """The payload as it would travel; decoding a copy leaves the message's own as it is."""
    try:
        return msgspec.json.decode(message.raw_data)
    except (TypeError, ValueError, RecursionError):
        return None


def _request(url: str, headers: Mapping[str, str]) -> Iterator[tuple[Path, Any]]:
    parts = urlsplit(str(url))
    yield ("url",), f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    for name, value in parse_qsl(parts.query):
        yield ("query", name), value
    for name, value in headers.items():
        yield ("header", name), value


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """The values in a tree, each with its place."""
    if isinstance(value, dict) and value and len(path) < _DEEPEST:
        for name, each in value.items():
            yield from _leaves((*path, str(name)), each)
    else:
        yield path, _copied(value)


def _copied(value: Any) -> Any:
    """What later changes in place do not reach."""
    return msgspec.to_builtins(value, enc_hook=repr) if isinstance(value, list | dict) else value


def _shown(path: Path, value: Any) -> str:
    if _is_secret(path, value):
        return _MASK
    if path[0] == "data" and isinstance(value, str):
        return f"<{len(value)} characters>"
    try:
        text = msgspec.json.encode(_harmless(value) if path[0] in ("ext", "data") else value, enc_hook=repr).decode()
    except (TypeError, ValueError, RecursionError):
        text = f"<{type(value).__name__}>"
    return _redact(text, limit=_SHOWN)


def _is_secret(path: Path, value: Any) -> bool:
    if path[0] in ("header", "query", "client_id") or any(map(is_secret, path)):
        return not isinstance(value, bool)
    return path[0] == "ext" and isinstance(value, str)
