"""Standard objects: some of the fields that every org has ("Standard Objects", Object Reference).

The fields are a selection, with one of each kind: compound names and addresses, picklists with and without free
values, references, formulas, dates and numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .fields import Field, address

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("EVENT_FIELDS", "STANDARD_OBJECTS", "SYSTEM_FIELDS")

SYSTEM_FIELDS: Final = (
    Field(name="Id", type="id", nillable=False, length=18),
    Field(name="IsDeleted", label="Deleted", type="boolean", nillable=False),
    Field(name="CreatedDate", label="Created Date", type="datetime", nillable=False),
    Field(name="CreatedById", label="Created By ID", type="reference", nillable=False, reference_to=("User",)),
    Field(name="LastModifiedDate", label="Last Modified Date", type="datetime", nillable=False),
    Field(
        name="LastModifiedById", label="Last Modified By ID", type="reference", nillable=False, reference_to=("User",)
    ),
    Field(name="SystemModstamp", label="System Modstamp", type="datetime", nillable=False),
)
"""The fields of every object ("System Fields", Object Reference)."""

EVENT_FIELDS: Final = (
    Field(name="ReplayId", label="Replay ID", nillable=True, length=255),
    Field(name="CreatedDate", label="Created Date", type="datetime", nillable=False),
    Field(name="CreatedById", label="Created By ID", type="reference", nillable=False, reference_to=("User",)),
    Field(name="EventUuid", label="Event UUID", length=36),
)
"""The fields of every platform event ("Standard Platform Event Fields", Platform Events Developer Guide)."""

_OWNER: Final = Field(
    name="OwnerId", label="Owner ID", type="reference", nillable=False, reference_to=("User",), length=18
)
_INDUSTRIES: Final = ("Agriculture", "Banking", "Biotechnology", "Energy", "Shipping", "Technology", "Other")
_RATINGS: Final = ("Hot", "Warm", "Cold")


def _person(*others: Field) -> tuple[Field, ...]:
    """The compound name of a person, and further fields."""
    return (
        Field(name="Name", label="Full Name", nillable=False, length=121),
        Field(name="LastName", label="Last Name", nillable=False, length=80, compound="Name"),
        Field(name="FirstName", label="First Name", length=40, compound="Name"),
        Field(name="Salutation", type="picklist", values=("Mr.", "Ms.", "Mx.", "Dr."), compound="Name", length=40),
        *others,
        Field(name="Phone", type="phone", length=40),
        Field(name="Email", type="email", length=80),
        Field(name="Title", length=128),
        _OWNER,
    )


STANDARD_OBJECTS: Final[Mapping[str, tuple[str, str, tuple[Field, ...]]]] = {
    "Account": (
        "001",
        "Account",
        (
            Field(name="Name", label="Account Name", nillable=False, length=255),
            Field(name="Type", type="picklist", values=("Prospect", "Customer", "Partner"), length=255),
            Field(name="ParentId", label="Parent Account ID", type="reference", reference_to=("Account",), length=18),
            *address("BillingAddress", "Billing Address"),
            *address("ShippingAddress", "Shipping Address"),
            Field(name="Phone", label="Account Phone", type="phone", length=40),
            Field(name="Website", type="url", length=255),
            Field(name="PhotoUrl", label="Photo URL", type="url", length=255, calculated=True),
            Field(name="Industry", type="picklist", values=_INDUSTRIES, length=255),
            Field(name="AnnualRevenue", label="Annual Revenue", type="currency"),
            Field(name="NumberOfEmployees", label="Employees", type="int"),
            Field(name="Description", label="Account Description", type="textarea", length=32_000),
            Field(name="Rating", label="Account Rating", type="picklist", values=_RATINGS, length=255),
            _OWNER,
        ),
    ),
    "Contact": (
        "003",
        "Contact",
        _person(
            Field(name="AccountId", label="Account ID", type="reference", reference_to=("Account",), length=18),
            *address("MailingAddress", "Mailing Address"),
            Field(name="Birthdate", type="date"),
        ),
    ),
    "Lead": (
        "00Q",
        "Lead",
        _person(
            Field(name="Company", nillable=False, length=255),
            *address("Address", "Address"),
            Field(
                name="Status", type="picklist", values=("Open", "Working", "Converted"), nillable=False, restricted=True
            ),
        ),
    ),
    "Opportunity": (
        "006",
        "Opportunity",
        (
            Field(name="Name", nillable=False, length=120),
            Field(name="AccountId", label="Account ID", type="reference", reference_to=("Account",), length=18),
            Field(
                name="StageName", label="Stage", type="picklist", values=("Prospecting", "Closed Won"), nillable=False
            ),
            Field(name="Amount", type="currency"),
            Field(name="Probability", label="Probability (%)", type="percent"),
            Field(name="CloseDate", label="Close Date", type="date", nillable=False),
            Field(name="IsWon", label="Won", type="boolean", nillable=False),
            _OWNER,
        ),
    ),
    "Case": (
        "500",
        "Case",
        (
            Field(name="CaseNumber", label="Case Number", nillable=False, length=30),
            Field(name="AccountId", label="Account ID", type="reference", reference_to=("Account",), length=18),
            Field(name="Status", type="picklist", values=("New", "Working", "Closed"), length=255),
            Field(name="Priority", type="picklist", values=("High", "Medium", "Low"), length=255),
            Field(name="Subject", length=255),
            Field(name="IsClosed", label="Closed", type="boolean", nillable=False),
            _OWNER,
        ),
    ),
}
"""The standard objects: key prefix, label and fields by name."""
