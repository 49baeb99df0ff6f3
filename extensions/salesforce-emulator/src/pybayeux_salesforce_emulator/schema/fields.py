"""Fields of objects: their definition, and their form in a description.

Sources: SOAP API Developer Guide, "DescribeSObjectResult" (`Field`); REST API Developer Guide, "sObject Describe".
Members of a description that depend on nothing that the emulator has are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux_devserver.toolkit import Json

__all__ = ("FIELD_TYPES", "Field", "address", "field_of")

FIELD_TYPES: Final[Mapping[str, str]] = {
    "address": "urn:address",
    "base64": "xsd:base64Binary",
    "boolean": "xsd:boolean",
    "combobox": "xsd:string",
    "complexvalue": "urn:json",
    "currency": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "double": "xsd:double",
    "email": "xsd:string",
    "encryptedstring": "xsd:string",
    "id": "tns:ID",
    "int": "xsd:int",
    "location": "urn:location",
    "long": "xsd:long",
    "multipicklist": "xsd:string",
    "percent": "xsd:double",
    "phone": "xsd:string",
    "picklist": "xsd:string",
    "reference": "tns:ID",
    "string": "xsd:string",
    "textarea": "xsd:string",
    "time": "xsd:time",
    "url": "xsd:string",
}
"""The types of fields, with their types in SOAP."""

_COMPONENTS: Final = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")
_NUMBERS: Final = ("Latitude", "Longitude")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an object.

    Attributes:
        name: The API name.
        label: The label; empty for one that is made from the name.
        type: One of `FIELD_TYPES`.
        nillable: Whether a record may have no value.
        length: How many characters a value may have; 0 for other types.
        values: The values of a picklist.
        restricted: Whether a picklist has these values only.
        compound: The compound field of which it is a component, or None.
        calculated: Whether it is a formula.
        reference_to: The objects that it may refer to.
        help: The help text, or None.

    Raises:
        ValueError: There is no such type.
    """

    name: str
    label: str = ""
    type: str = "string"
    nillable: bool = True
    length: int = 0
    values: tuple[str, ...] = ()
    restricted: bool = False
    compound: str | None = None
    calculated: bool = False
    reference_to: tuple[str, ...] = field(default=())
    help: str | None = None

    def __post_init__(self) -> None:
        if self.type not in FIELD_TYPES:
            raise ValueError(f"type of {self.name}: expected one of {', '.join(FIELD_TYPES)}; got {self.type!r}")

    def describe(self) -> Json:
        """The description of the field."""
        return {
            "calculated": self.calculated,
            "compoundFieldName": self.compound,
            "custom": self.name.endswith(("__c", "__s")),
            "inlineHelpText": self.help,
            "label": self.label or self.name.removesuffix("__c").replace("_", " "),
            "length": self.length,
            "name": self.name,
            "nillable": self.nillable,
            "picklistValues": [
                {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
                for value in self.values
            ],
            "referenceTo": list(self.reference_to),
            "restrictedPicklist": self.restricted,
            "soapType": FIELD_TYPES[self.type],
            "type": self.type,
        }


def field_of(given: Mapping[str, Any]) -> Field:
    """A field from plain data, as the control interface has it.

    Raises:
        TypeError: A member is unknown, or the name is missing.
        ValueError: There is no such type.
    """
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Field(**plain)


def address(name: str, label: str) -> list[Field]:
    """An address: the compound field and its components ("Address Compound Fields", Object Reference)."""
    prefix = name.removesuffix("Address")
    return [
        Field(name=name, label=label, type="address"),
        *(
            Field(
                name=f"{prefix}{part}",
                label=f"{label.removesuffix(' Address')} {part}",
                type="double" if part in _NUMBERS else "textarea" if part == "Street" else "string",
                compound=name,
            )
            for part in _COMPONENTS
        ),
    ]
