"""The lenient way from bytes to messages, for batches that the fast one refuses.

Owns what is forgiven: members that the protocol does not name, numbers where text belongs, a bare object instead of
an array, a message without a channel. Every rule here has been seen from a server in use.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import Raw

from .errors import MessageDecodeError
from .message import Advice, Message

__all__ = ("advice_from", "decode_leniently")

_elements: Final = msgspec.json.Decoder(list[Raw])
_members: Final = msgspec.json.Decoder(dict[str, Raw])
_text_fields: Final = (
    "id",
    "client_id",
    "version",
    "minimum_version",
    "connection_type",
    "error",
    "timestamp",
)
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d+)?")
_wire_names: Final = {
    encoded: name for name, encoded in zip(Message.__struct_fields__, Message.__struct_encode_fields__, strict=True)
}
_advice_names: Final = {
    encoded: name for name, encoded in zip(Advice.__struct_fields__, Advice.__struct_encode_fields__, strict=True)
}


def decode_leniently(body: bytes | bytearray | memoryview | str) -> list[Message]:
    """The messages in `body`, whatever can be understood of them.

    Raises:
        MessageDecodeError: The body is neither an object nor an array.
    """
    text = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
    try:
        if text.lstrip()[:1] == b"{":
            return [_message(Raw(text))]
        return [_message(element) for element in _elements.decode(text)]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageDecodeError(f"no array of messages ({error})", text[:200].decode("utf-8", "replace")) from error


def _message(element: Raw) -> Message:
    try:
        members = _members.decode(element)
    except msgspec.ValidationError:
        return Message(channel="", data=element)
    message = Message(channel="")
    for wire_name, raw in members.items():
        _set(message, wire_name, raw)
    return message


def _set(message: Message, wire_name: str, raw: Raw) -> None:
    name = _wire_names.get(wire_name)
    if name == "data":
        message.data = raw
        return
    value = msgspec.json.decode(raw)
    if value is None:
        return
    if name is None or (converted := _converted(name, value)) is None:
        message.extra[wire_name] = value
    else:
        setattr(message, name, converted)


def _converted(name: str, value: Any) -> Any:
    """The value as the field holds it, or None where it does not fit."""
    if name in _text_fields:
        return _text(value)
    if name == "advice":
        return advice_from(value) if isinstance(value, dict) else None
    if name in ("successful", "auth_successful"):
        return _boolean(value)
    if name == "channel":
        return value if isinstance(value, str) else None
    if name == "ext":
        return value if isinstance(value, dict) else None
    return _texts(value)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(value: Any) -> str | list[str] | None:
    if isinstance(value, list):
        return [text for item in value if (text := _text(item)) is not None]
    return _text(value)


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def advice_from(members: dict[str, Any]) -> Advice:
    """The advice in these members; what the protocol does not name goes into its `extra`."""
    advice = Advice()
    for wire_name, value in members.items():
        name = _advice_names.get(wire_name)
        converted = _advice_value(name, value) if name is not None else None
        if converted is None:
            advice.extra[wire_name] = value
        else:
            setattr(advice, str(name), converted)
    return advice


def _advice_value(name: str, value: Any) -> Any:
    if name in ("timeout", "interval", "max_interval"):
        return _number(value)
    if name == "hosts":
        return [host for host in value if isinstance(host, str)] if isinstance(value, list) else None
    return _boolean(value) if name == "multiple_clients" else _text(value)


def _number(value: Any) -> float | int | None:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value.strip()) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
