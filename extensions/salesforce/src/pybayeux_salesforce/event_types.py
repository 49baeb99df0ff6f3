"""Python source with the types of events, made from their descriptions.

Owns which type a field has, and the form of the source. The same descriptions always make the same text: fields are
sorted, and it has no time.

Sources: SOAP API Developer Guide, "Field Types"; Change Data Capture Developer Guide, "Get Compound Fields in Change
Events" (components are nested, without the prefix of their compound field) and "Change Event Body Fields" (what did not
change is absent). The components of names keep their names, and those of locations are Latitude and Longitude: assumed
from examples.
"""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Final

from pybayeux import printable
from pybayeux.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .event_schema import EventDescription, FieldDescription

__all__ = ("render_types",)

_TYPES: Final[Mapping[str, str]] = {
    "anyType": "Any",
    "boolean": "bool",
    "complexvalue": "Any",
    "currency": "float",
    "datetime": "datetime",
    "double": "float",
    "int": "int",
    "json": "Any",
    "long": "int",
    "percent": "float",
}
"""The Python types of fields; all others are text: dates and times of day too, for lack of a documented format."""
_IMPORTS: Final[Sequence[Mapping[str, Sequence[str]]]] = (
    {"datetime": ("datetime",), "typing": ("Any", "Literal", "TypeAlias")},
    {"msgspec": ("UNSET", "Struct", "UnsetType", "field")},
    {"pybayeux_salesforce": ("ChangeEvent", "ChangePayload", "PlatformEvent")},
)
"""What the source may import: standard library, then others."""
_WORD: Final = re.compile(r"\w+")
_NAME: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)
_LINE: Final = 110
_EITHER_NAME: Final = ("AccountChangeEvent",)
"""Where a name is text for a company, and an object for a person ("Person Accounts")."""


def render_types(events: Iterable[EventDescription], *, literals: bool = True) -> str:
    """Return the source of a module with the types of events.

    For each event it has a type of that name, for ``client.subscribe(channel, type=...)``, and classes of its payload.

    Args:
        events: The descriptions.
        literals: Whether a restricted picklist is a `Literal` of its values instead of text.

    Raises:
        UsageError: The org described a name that is none.
    """
    described = sorted({each.name: each for each in events}.values(), key=lambda each: each.name)
    bodies = [line for event in described for line in _event(event, literals=literals)]
    names = [event.name for event in described]
    lines = [
        '"""Types of the events of a Salesforce org. Written by pybayeux; write it again instead of changing it:',
        "",
        f"    pybayeux salesforce types {' '.join(names)} -o FILE",
        '"""',
        "",
        "# ruff: noqa",
        "from __future__ import annotations",
        "",
        *_imports(bodies),
        "",
        f"__all__ = [{', '.join(map(_quoted, names))}]",
        *bodies,
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _imports(lines: Iterable[str]) -> Iterator[str]:
    used = {word for line in lines if not line.lstrip().startswith('"') for word in _WORD.findall(line)}
    groups = [
        [f"from {module} import {', '.join(names)}" for module, names in _used(group, used)] for group in _IMPORTS
    ]
    yield from "\n\n".join("\n".join(group) for group in groups if group).splitlines()


def _used(group: Mapping[str, Sequence[str]], used: set[str]) -> Iterator[tuple[str, list[str]]]:
    for module, names in group.items():
        if wanted := [name for name in names if name in used]:
            yield module, wanted


def _event(event: EventDescription, *, literals: bool) -> Iterator[str]:
    _check(event.name)
    fields = event.payload
    components: dict[str, list[FieldDescription]] = {}
    for each in fields:
        _check(each.name)
        if each.compound_field_name is not None:
            components.setdefault(_check(each.compound_field_name), []).append(each)
    own = [each for each in fields if each.compound_field_name is None]
    types = {each.name: _type(event, each, components, literals=literals) for each in own}
    for name in sorted(components.keys() & types.keys()):
        label = next(each.label for each in own if each.name == name)
        nested = {_component(name, each.name): each for each in components[name]}
        yield from _class(
            f"{event.name}{name}",
            "Struct, kw_only=True",
            f"{_text(label)} (`{name}`).",
            [(attribute, each, _type(event, each, {}, literals=literals)) for attribute, each in nested.items()],
            absent=event.is_change,
        )
    kind = "ChangeEvent" if event.is_change else "PlatformEvent"
    yield from _class(
        f"{event.name}Payload",
        "ChangePayload, kw_only=True" if event.is_change else "Struct, kw_only=True",
        f"The payload of {_text(event.label)} (`{event.name}`).",
        [(each.name, each, types[each.name]) for each in own],
        absent=event.is_change,
    )
    yield from ("", "", f"{event.name}: TypeAlias = {kind}[{event.name}Payload]")
    yield f'"""{_text(event.label)}: the type of its events."""'


def _class(
    name: str, bases: str, about: str, fields: Sequence[tuple[str, FieldDescription, str]], *, absent: bool
) -> Iterator[str]:
    yield from ("", "", f"class {name}({bases}):", f'    """{about}"""')
    for attribute, described, kind in fields:
        yield ""
        yield from _field(attribute, described, kind, absent=absent)
        yield f'    """{_about(described)}"""'


def _field(name: str, described: FieldDescription, kind: str, *, absent: bool) -> Iterator[str]:
    options = [f"{kind} | None" if described.nillable and kind != "Any" else kind]
    default = "None" if described.nillable else ""
    if absent:
        options, default = [*options, "UnsetType"], "UNSET"
    attribute = f"{name}_" if keyword.iskeyword(name) else name
    if attribute != name:
        default = f"field(name={_quoted(name)}{f', default={default}' if default else ''})"
    line = f"    {attribute}: {' | '.join(options)}{f' = {default}' if default else ''}"
    if len(line) > _LINE and "Literal[" in line:
        values, _, after = line.partition("Literal[")[2].rpartition("]")
        yield f"    {attribute}: ("
        yield "        Literal["
        yield from (f"            {value}," for value in _split(values))
        yield f"        ]{after.partition(' = ')[0]}"
        yield f"    ){f' = {default}' if default else ''}"
    else:
        yield line


def _split(values: str) -> list[str]:
    """The quoted texts of a list; a comma may be in a text."""
    return re.findall(r'"(?:[^"\\]|\\.)*"', values)


def _type(
    event: EventDescription,
    field: FieldDescription,
    components: Mapping[str, Sequence[FieldDescription]],
    *,
    literals: bool,
) -> str:
    if field.name in components:
        nested = f"{event.name}{field.name}"
        return f"{nested} | str" if field.name == "Name" and event.name in _EITHER_NAME else nested
    if field.type == "picklist" and field.restricted_picklist and literals and field.picklist_values:
        values = sorted({each.value for each in field.picklist_values})
        return f"Literal[{', '.join(map(_quoted, values))}]"
    return _TYPES.get(field.type, "Any" if field.type in ("address", "location") else "str")


def _component(compound: str, name: str) -> str:
    """The name of a component in an event: ``Street`` for ``BillingStreet``, ``Latitude`` for ``At__Latitude__s``."""
    custom = compound.removesuffix("__c")
    prefix = f"{custom}__" if custom != compound else compound.removesuffix("Address")
    stripped = name.removesuffix("__s") if custom != compound else name
    return stripped.removeprefix(prefix) or stripped


def _about(field: FieldDescription) -> str:
    label = _text(field.label or field.name)
    notes = [f"{label}." if not label.endswith((".", "?", "!")) else label]
    if field.inline_help_text:
        notes.append(_text(field.inline_help_text))
    if field.type not in ("string", "boolean"):
        notes.append(f"({_text(field.type)})")
    return " ".join(notes)


def _text(text: str) -> str:
    """A label or a help text, made safe for a docstring."""
    return printable(" ".join(text.split())).replace("\\", "\\\\").replace('"', "'")


def _quoted(text: str) -> str:
    escaped = printable(text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped}"'


def _check(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"the org described {name!r}, which is no name of an event or field")
    return name
