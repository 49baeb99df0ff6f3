"""`JsonFormatter`: log records as JSON, one object a line."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from traceback import format_exception
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ._printable import printable
from ._util.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("JsonFormatter",)

_LONGEST: Final = 10_000
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""The attributes that every record has. Others were given as `extra`."""


class JsonFormatter(logging.Formatter):
    """Formats a log record as one line of JSON, without secrets.

    The members, in this order: ``time`` (ISO 8601, UTC, milliseconds), ``level`` (``debug``, ``info``, ``warning``,
    ``error``, ``critical``), ``logger``, ``message``; ``error`` with ``type``, ``message`` and ``traceback`` if the
    record has an exception; then what was given as `extra`. The client's records have ``error_type``, the class of an
    error that is reported, and those of the command line have ``state``, the new state of the connection.

    Args:
        redact: Removes secrets from a text. Default: what looks like one, such as ``token=...``, is removed.
    """

    def __init__(self, redact: Callable[[str], str] | None = None) -> None:
        super().__init__()
        redactor = Redactor()
        self._redact: Final = redact or (lambda text: redactor(text, limit=_LONGEST))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        given = {name: value for name, value in vars(record).items() if name not in _OWN and name not in line}
        return self._encoded(line | self._error(record) | {name: self._value(value) for name, value in given.items()})

    def _error(self, record: logging.LogRecord) -> dict[str, Any]:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return {}
        members = {"type": type(error).__name__, "message": str(error), "traceback": "".join(format_exception(error))}
        return {"error": {name: self._redact(text) for name, text in members.items()}}

    def _value(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self._redact(value if isinstance(value, str) else repr(value))

    def _encoded(self, line: dict[str, Any]) -> str:
        # A surrogate cannot be encoded, and may be in any text that came from an environment or a file name.
        try:
            text = msgspec.json.encode(line).decode()
        except UnicodeEncodeError:
            text = msgspec.json.encode(_without_surrogates(line)).decode()
        return printable(text, json=True)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_surrogates(each) for name, each in value.items()}
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
