"""Conversion of values to the types that annotations and callers ask for.

Text from the environment and values from TOML become numbers, flags, lists, paths and the like. Objects that already
have the type, such as a callable or a store, are returned unchanged. Payloads become anything that msgspec decodes to,
or a pydantic model. pydantic need not be installed: a model is recognised by its methods. Knows nothing of extensions.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, Protocol, Union, get_args, get_origin

import msgspec

from ..errors import UsageError
from .typevars import DataT

__all__ = ("ConversionError", "PayloadAdapter", "convert", "convert_text", "payload_decoder")

_CONTAINERS: Final = (list, dict, set, frozenset, tuple)


class ConversionError(ValueError):
    """A value that cannot be converted to the wanted type."""


def convert(value: object, wanted: Any) -> object:
    """`value` as an instance of the type `wanted`.

    Raises:
        ConversionError: It cannot be converted.
    """
    members = _members(wanted)
    if any(_is_one(value, member) for member in members):
        return value
    data = [member for member in members if not _is_custom(member)]
    if isinstance(value, str) and Path in members and str not in members:
        return Path(value)
    if not data:
        raise ConversionError(f"expected {_names(members)}; got {type(value).__name__}")
    return _converted(value, Union[tuple(data)])  # noqa: UP007 - made of a list


def convert_text(text: str, wanted: Any) -> object:
    """As `convert`, for text such as an environment variable's: lists and mappings are written as JSON.

    Raises:
        ConversionError: It cannot be converted.
    """
    try:
        return convert(text, wanted)
    except ConversionError as error:
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            raise error from None
        return convert(value, wanted)


def _members(wanted: Any) -> tuple[Any, ...]:
    if get_origin(wanted) in (Union, types.UnionType):
        return tuple(member for part in get_args(wanted) for member in _members(part))
    return (wanted,)


def _is_one(value: object, member: Any) -> bool:
    """Whether the value already has the type and is returned unchanged."""
    if member is Any or member is object:
        return True
    if isinstance(value, (str, bool)):  # isinstance would take them for sequences and numbers
        return member is type(value)
    kind = get_origin(member) or member
    if kind is Callable:
        return callable(value)
    if not isinstance(kind, type) or _has_checked_elements(kind, member):
        return False
    try:
        return isinstance(value, kind)
    except TypeError:  # a protocol that cannot be checked at run time
        return True


def _has_checked_elements(kind: type, member: Any) -> bool:
    return kind in _CONTAINERS and kind is not member and not _is_custom(member)


def _is_custom(member: Any) -> bool:
    try:
        return isinstance(msgspec.inspect.type_info(member), msgspec.inspect.CustomType)
    except TypeError:
        return True


def _converted(value: object, wanted: Any) -> object:
    try:
        result = msgspec.convert(value, wanted, strict=False)
    except (msgspec.ValidationError, TypeError) as error:
        choices = [choice for member in _members(wanted) for choice in _choices(member)]
        if choices and isinstance(value, str):
            raise ConversionError(f"expected one of {', '.join(choices)}; got {value!r}") from None
        raise ConversionError(str(error)) from None
    # The same object, not an equal copy: an extension may fill a list or dict that its user keeps.
    return value if type(result) is type(value) and result == value else result


def _choices(member: Any) -> list[str]:
    """The values that a literal or an enumeration allows."""
    if get_origin(member) is Literal:
        return [str(value) for value in get_args(member)]
    return [str(each.value) for each in member] if isinstance(member, type) and issubclass(member, Enum) else []


def _names(members: tuple[Any, ...]) -> str:
    return " or ".join(getattr(member, "__name__", None) or str(member) for member in members)


class PayloadAdapter(Protocol[DataT]):
    """What decodes payloads by itself: a pydantic `TypeAdapter`."""

    def validate_json(self, data: bytes, /) -> DataT:
        """The payload as a value of the adapter's type."""


def payload_decoder(type: Any) -> Callable[[bytes], Any]:
    """A function that decodes payloads into `type`: a pydantic model, a `TypeAdapter`, or a type that msgspec supports.

    It raises ValueError, or msgspec's DecodeError, for a payload that does not match the type.

    Raises:
        UsageError: Payloads cannot be decoded into this type.
    """
    for method in ("model_validate_json", "validate_json"):
        if callable(decode := getattr(type, method, None)):
            found: Callable[[bytes], Any] = decode
            return found
    try:
        return msgspec.json.Decoder(type, dec_hook=_decode_other).decode
    except TypeError as error:
        raise UsageError(f"type={type!r}: data cannot be decoded into this type: {error}") from error


def _decode_other(type: Any, value: Any) -> Any:
    """Make what msgspec does not make itself: a pydantic model within a type of another kind."""
    validate = getattr(type, "model_validate", None)
    return validate(value) if callable(validate) else value  # which msgspec then refuses
