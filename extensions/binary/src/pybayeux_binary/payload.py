"""`BinaryData`, and its three forms: the object, its JSON inside the client, and what travels.

A client turns `data` into JSON at the moment of publishing, before any extension sees the message. So `BinaryData` is
something that JSON can express (msgspec writes bytes as base64), with a mark that comes first and that nobody else
writes; the extension knows it by that mark and puts the travelling form in its place:
``{"data": <Z85 text>, "last": true, "meta": {...}}``.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from . import z85

__all__ = ("BinaryData", "from_wire", "is_binary", "to_wire")

_MARK: Final = ("pybayeux-binary", "base64")


class BinaryData(Struct, frozen=True, tag_field=_MARK[0], tag=_MARK[1]):
    """Bytes to be published as `data`, and what `data` is on a message that brought bytes.

    Attributes:
        data: The bytes; anything with the buffer protocol is accepted and copied.
        last: Whether these are the last ones, where something large travels in several messages.
        meta: What else is to be said of them, such as a file's name; anything that JSON can express.

    Raises:
        TypeError: `data` is no bytes.
    """

    data: bytes
    last: bool = True
    meta: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if type(self.data) is not bytes:
            msgspec.structs.force_setattr(self, "data", bytes(memoryview(self.data)))


class _Wire(Struct, omit_defaults=True):
    data: str
    last: bool | None = None
    meta: dict[str, Any] | None = None


_BEGINNING: Final = b'{"%b":"%b",' % tuple(each.encode() for each in _MARK)
_own: Final = msgspec.json.Decoder(BinaryData)
_wire: Final = msgspec.json.Decoder(_Wire)


def is_binary(data: bytes) -> bool:
    """Whether this JSON text is a `BinaryData`."""
    return data.startswith(_BEGINNING)


def to_wire(data: bytes) -> Raw:
    """What travels, as JSON text, for the JSON text of a `BinaryData`."""
    payload = _own.decode(data)
    return Raw(msgspec.json.encode(_Wire(z85.encode(payload.data), payload.last, payload.meta)))


def from_wire(data: bytes) -> BinaryData:
    """The `BinaryData` in what has travelled, as JSON text.

    Raises:
        ValueError: It is of another shape, or its text is no Z85.
    """
    wire = _wire.decode(data)
    return BinaryData(z85.decode(wire.data), wire.last is not False, wire.meta)
