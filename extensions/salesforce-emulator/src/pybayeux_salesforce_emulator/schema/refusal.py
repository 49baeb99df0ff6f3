"""`RestRefusal`: an error of the REST API, in Salesforce's own form.

Source: REST API Developer Guide, "Status Codes and Error Responses".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("RestRefusal", "missing_fields", "no_such_field", "not_found")


class RestRefusal(Exception):
    """A request is refused.

    Args:
        status: The HTTP status.
        code: The ``errorCode``.
        text: The ``message``.
        fields: The fields that are wrong. None leaves the member out, as errors that concern no record do.
    """

    def __init__(self, status: int, code: str, text: str, fields: Iterable[str] | None = None) -> None:
        super().__init__(f"{code}: {text}")
        self.status: Final = status
        self.code: Final = code
        self.text: Final = text
        self.fields: Final = None if fields is None else list(fields)

    @property
    def body(self) -> list[dict[str, Any]]:
        """The body of the response."""
        error: dict[str, Any] = {"message": self.text, "errorCode": self.code}
        return [error if self.fields is None else {**error, "fields": self.fields}]


def not_found() -> RestRefusal:
    """There is no such resource or record."""
    return RestRefusal(404, "NOT_FOUND", "The requested resource does not exist")


def no_such_field(name: str, entity: str) -> RestRefusal:
    """An object has no field of this name."""
    return RestRefusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {entity}")


def missing_fields(names: Iterable[str]) -> RestRefusal:
    """A record has no value of fields that need one."""
    missing = list(names)
    return RestRefusal(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
