"""The codec: batches of messages as bytes, and bytes as batches (Bayeux 1.0, sections 2.1 and 3).

A batch is decoded straight into structs, `data` left as bytes until it is asked for. This strict path refuses members
that the protocol does not name and values of unexpected types. A batch that it refuses goes through the lenient path
below, which forgives such members, numbers where text belongs, a bare object instead of an array and a message without
a channel: nothing is lost, and the usual case costs nothing extra. Each thing forgiven was seen from a server in use.

A value that no JSON reader takes (half of a surrogate pair, NaN, a control character, too deep nesting) costs itself
alone: a payload stays as it came, and is undecodable; any other member is left out. `damage_of` says what is wrong.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from ._util.json_scan import Broken, elements_of, members_of
from ._util.json_text import beginning_of, encode_other, to_json
from ._util.text import to_utf8
from .errors import MessageDecodeError
from .message import Advice, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ("Decoded", "advice_from", "damage_of", "decode", "decode_batch", "decode_leniently", "decode_many", "encode")

_decoder: Final = msgspec.json.Decoder(list[Message])
_decoder_of_many: Final = msgspec.json.Decoder(list[list[Message]])


def decode(body: bytes | bytearray | memoryview | str) -> list[Message]:
    """The messages in a JSON array, or the one in a bare object (Bayeux 1.0, section 2.1).

    A message without a usable channel comes with channel ``""``: the other messages of its batch are good. So are they
    where a payload is no JSON: reading its `data` raises, and `raw_data` has it as it came.

    Raises:
        MessageDecodeError: The bytes are not JSON, or neither an object nor an array.
    """
    return decode_batch(body).messages


class Decoded(NamedTuple):
    """The messages of a batch, and those among them of which something was no JSON."""

    messages: list[Message]
    damaged: list[Message]


def decode_batch(body: bytes | bytearray | memoryview | str) -> Decoded:
    """As `decode` has it, and which messages are damaged: `damage_of` says how."""
    try:
        return Decoded(_decoder.decode(body), [])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        if isinstance(body, bytes) and (text := to_utf8(body)) is not body:
            return decode_batch(text)
        messages = decode_leniently(body)
        return Decoded(messages, [message for message in messages if damage_of(message) is not None])


def decode_many(bodies: Sequence[bytes]) -> list[Message] | None:
    """The messages of several arrays, in one call; None where one of them is to be decoded by itself."""
    try:
        batches = _decoder_of_many.decode(b"[%b]" % b",".join(bodies))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return list(chain.from_iterable(batches)) if len(batches) == len(bodies) else None


def encode(messages: Iterable[Message]) -> bytes:
    """The JSON array of these messages, in UTF-8.

    Raises:
        TypeError: A payload contains a value that JSON cannot express.
    """
    batch = list(messages)
    if any("extra" in message.__dict__ or message.advice is not None for message in batch):
        return to_json([_with_extra(message) for message in batch])
    return to_json(batch)


def _with_extra(message: Message) -> Any:
    known: dict[str, Any] = msgspec.to_builtins(message, builtin_types=(Raw,), enc_hook=encode_other)
    if message.advice is not None:
        known["advice"] |= message.advice.__dict__.get("extra", {})
    return known | message.__dict__.get("extra", {})


# -- the lenient path

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
    """The messages in `body`, with every member that can be read.

    Raises:
        MessageDecodeError: The body is neither an object nor an array.
    """
    text = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else to_utf8(bytes(body))
    array = b"[%b]" % text if text.lstrip()[:1] == b"{" else text
    try:
        return [_message(element) for element in _elements.decode(array)]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        try:
            return _salvaged(array)
        except Broken:
            why = "no array of messages" if isinstance(error, msgspec.ValidationError) else "not JSON"
            raise MessageDecodeError(f"{why} ({error})", beginning_of(text)) from error


def damage_of(message: Message) -> str | None:
    """What is wrong with a message of which something was no JSON; None where all was."""
    damage: str | None = message.__dict__.get("damage")
    return damage


def _salvaged(text: bytes) -> list[Message]:
    """The messages in an array that is no JSON as a whole; raises Broken where they cannot be told apart."""
    beginning = text.find(b"[")
    if beginning < 0 or text[:beginning].strip():
        raise Broken("it is no array")
    elements = [text[slice(*place)].strip() for place in elements_of(text, beginning) if place is not None]
    if not all(element.startswith(b"{") for element in elements):
        raise Broken("it has other elements than objects")
    return [_message(Raw(element)) for element in elements]


def _message(element: Raw) -> Message:
    try:
        members = _members.decode(element)
    except msgspec.ValidationError:
        return Message(channel="", data=element)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _damaged(bytes(element))
    message = Message(channel="")
    for wire_name, raw in members.items():
        _set(message, wire_name, raw)
    return message


def _damaged(element: bytes) -> Message:
    message = Message(channel="")
    for name, value in members_of(element).items():
        wire_name, raw = name.decode("utf-8", "replace"), Raw(value)
        _set(message, wire_name, raw)
        if wire_name == "data":
            _value(message, wire_name, raw)
    return message


def _set(message: Message, wire_name: str, raw: Raw) -> None:
    name = _wire_names.get(wire_name)
    if name == "data":
        message.data = raw
        return
    value = _value(message, wire_name, raw)
    if value is None:
        return
    if name is None or (converted := _converted(name, value)) is None:
        message.extra[wire_name] = value
    else:
        setattr(message, name, converted)


def _value(message: Message, wire_name: str, raw: Raw) -> Any:
    """The value; None, and a note of the damage, where it is no JSON."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        message.__dict__["damage"] = f"{wire_name} is no JSON ({error}); received {beginning_of(raw)!r}"
        return None


def _converted(name: str, value: Any) -> Any:
    """The value in the type of the field, or None if it cannot be converted."""
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
    """The advice in these members; those that the protocol does not name are in its `extra`."""
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
