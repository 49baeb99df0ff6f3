"""`BinaryData` and its three forms: the object, its JSON inside the client, and the JSON on the wire.

A client turns `data` into JSON when it is published, before any extension sees the message. So `BinaryData` is a struct
that msgspec can encode (with the bytes as base64), and that begins with a tag of its own. The extension recognises it
by that tag, and replaces it with the form on the wire: ``{"data": <Z85 text>, "last": true, "meta": {...}}``.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from . import z85

__all__ = ("BinaryData", "from_wire", "is_binary", "to_wire")

_TAG: Final = ("pybayeux-binary", "base64")


class BinaryData(Struct, frozen=True, tag_field=_TAG[0], tag=_TAG[1]):
    """Bytes to publish as `data`, and the `data` of a received message with bytes.

    Attributes:
        data: The bytes; any object with the buffer protocol is accepted and copied.
        last: Whether these are the last bytes of something that is sent in several messages.
        meta: More about the bytes, such as the name of a file; anything that JSON can express.

    Raises:
        TypeError: `data` does not have the buffer protocol.
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


_BEGINNING: Final = b'{"%b":"%b",' % tuple(each.encode() for each in _TAG)
_own: Final = msgspec.json.Decoder(BinaryData)
_wire: Final = msgspec.json.Decoder(_Wire)


def is_binary(data: bytes) -> bool:
    """Return whether this JSON text is a `BinaryData`."""
    return data.startswith(_BEGINNING)


def to_wire(data: bytes) -> Raw:
    """Return the form on the wire for the JSON text of a `BinaryData`."""
    payload = _own.decode(data)
    return Raw(msgspec.json.encode(_Wire(z85.encode(payload.data), payload.last, payload.meta)))


def from_wire(data: bytes) -> BinaryData:
    """Return the `BinaryData` in the form on the wire.

    Raises:
        ValueError: The JSON text has another form, or its text is not Z85.
    """
    wire = _wire.decode(data)
    return BinaryData(z85.decode(wire.data), wire.last is not False, wire.meta)
