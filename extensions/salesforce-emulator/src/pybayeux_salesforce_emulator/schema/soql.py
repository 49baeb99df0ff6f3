"""SOQL, as far as the emulator has it: queries of one object, and the filter expressions of channels.

Sources: SOQL and SOSL Reference, "Condition Expression Syntax" and "Comparison Operators"; Platform Events Developer
Guide, "Filter Expression Format". Of the aggregates there is ``COUNT()`` alone;
relationships and date functions are not supported.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ("MalformedQueryError", "Query", "parse_condition", "parse_query")

Condition: TypeAlias = "Callable[[Mapping[str, Any]], bool]"

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<word>[\w.:+-]+)|(?P<operator>!=|<=|>=|<>|[=<>])|(?P<mark>[(),]))"
)
_WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
_ORDERED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class MalformedQueryError(ValueError):
    """A query or a condition that cannot be parsed."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query of one object.

    Attributes:
        fields: The names of the fields, as written; none for ``COUNT()``.
        source: The name of the object.
        condition: Whether a record is selected.
        order: The fields to sort by, each with whether the order is descending.
        limit: How many records at the most, or None.
    """

    fields: tuple[str, ...]
    source: str
    condition: Condition
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None

    def run(self, records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the selected records, whole and in order.

        Args:
            records: All records of the object.
        """
        found = [record for record in records if self.condition(record)]
        for name, descending in reversed(self.order):
            found.sort(key=partial(_sort_key, name), reverse=descending)
        return found[: self.limit]


def parse_query(text: str) -> Query:
    """Parse a query.

    Raises:
        MalformedQueryError: It is not a query of one object.
    """
    return _Parser(text).query()


@lru_cache(maxsize=256)
def parse_condition(text: str) -> Condition:
    """Parse what may stand after WHERE, and in the filter of a channel.

    Raises:
        MalformedQueryError: It is not a condition.
    """
    parser = _Parser(text)
    condition = parser.either()
    parser.end()
    return condition


class _Parser:
    """A parser by recursive descent: `either` has ANDs, `both` has terms."""

    def __init__(self, text: str) -> None:
        self._text: Final = text
        self._tokens: Final = list(_tokens(text))
        self._at = 0

    def query(self) -> Query:
        self._require("select")
        fields = self._fields()
        self._require("from")
        source = self._take()
        condition = self.either() if self._skip("where") else _everything
        order = self._order() if self._skip("order") else []
        limit = round(_number(self._take())) if self._skip("limit") else None
        self.end()
        return Query(tuple(fields), source, condition, tuple(order), limit)

    def _fields(self) -> list[str]:
        names = [self._take()]
        if names == ["COUNT"] and self._skip("("):
            self._require(")")
            return []
        while self._skip(","):
            names.append(self._take())
        return names

    def _order(self) -> list[tuple[str, bool]]:
        self._require("by")
        found: list[tuple[str, bool]] = []
        while not found or self._skip(","):
            name = self._take()
            found.append((name, self._skip("desc") or (self._skip("asc") and False)))
        return found

    def either(self) -> Condition:
        terms = [self.both()]
        while self._skip("or"):
            terms.append(self.both())
        return terms[0] if len(terms) == 1 else lambda record: any(term(record) for term in terms)

    def both(self) -> Condition:
        terms = [self._term()]
        while self._skip("and"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else lambda record: all(term(record) for term in terms)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._error()

    def _term(self) -> Condition:
        if self._skip("not"):
            negated = self._term()
            return lambda record: not negated(record)
        if self._skip("("):
            inner = self.either()
            self._require(")")
            return inner
        return self._comparison(self._take())

    def _comparison(self, name: str) -> Condition:
        if self._skip("not"):
            self._require("in")
            excluded = self._list()
            return lambda record: not any(_equal(_value(record, name), each) for each in excluded)
        if self._skip("in"):
            included = self._list()
            return lambda record: any(_equal(_value(record, name), each) for each in included)
        if self._skip("like"):
            pattern = _like(str(self._literal()))
            return lambda record: pattern.fullmatch(str(_value(record, name) or "")) is not None
        sign, literal = self._take(), self._literal()
        if sign == "=":
            return lambda record: _equal(_value(record, name), literal)
        if sign in ("!=", "<>"):
            return lambda record: not _equal(_value(record, name), literal)
        if sign not in _ORDERED:
            raise self._error()
        compare = _ORDERED[sign]
        return lambda record: _compares(compare, _value(record, name), literal)

    def _list(self) -> list[Any]:
        self._require("(")
        found = [self._literal()]
        while self._skip(","):
            found.append(self._literal())
        self._require(")")
        return found

    def _literal(self) -> Any:
        token = self._take()
        if token.startswith("'"):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.lower() in _WORDS:
            return _WORDS[token.lower()]
        return _number(token) if (moment := _moment(token)) is None else moment

    def _take(self) -> str:
        if self._at >= len(self._tokens):
            raise self._error()
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at].lower() == word
        self._at += found
        return found

    def _require(self, word: str) -> None:
        if not self._skip(word):
            raise self._error()

    def _error(self) -> MalformedQueryError:
        near = " ".join(self._tokens[max(0, self._at - 1) : self._at + 2]) or "the end"
        return MalformedQueryError(f"unexpected token near {near!r} in {self._text!r}")


def _tokens(text: str) -> Iterable[str]:
    at, stripped = 0, text.rstrip()
    while at < len(stripped):
        found = _TOKEN.match(stripped, at)
        if found is None:
            raise MalformedQueryError(f"unexpected character {stripped[at:].strip()[:1]!r} in {text!r}")
        yield found[0].strip()
        at = found.end()


def _sort_key(name: str, record: Mapping[str, Any]) -> tuple[bool, Any]:
    value = _value(record, name)
    return value is None, value


def _everything(record: Mapping[str, Any]) -> bool:
    return True


def _value(record: Mapping[str, Any], path: str) -> Any:
    """The value of a field, whose name may be in any case; ``ChangeEventHeader.changeType`` is in an object."""
    value: Any = record
    for name in path.lower().split("."):
        if not isinstance(value, dict):
            return None
        value = next((each for key, each in value.items() if key.lower() == name), None)
    return value


def _equal(value: Any, literal: Any) -> bool:
    if isinstance(literal, datetime):
        return _moment(value) == literal
    if isinstance(value, str) and isinstance(literal, str):
        return value.lower() == literal.lower()  # SOQL compares text regardless of case
    return bool(value == literal)


def _compares(compare: Callable[[Any, Any], bool], value: Any, literal: Any) -> bool:
    try:
        return compare(_moment(value) if isinstance(literal, datetime) else value, literal)
    except TypeError:  # null, or another type
        return False


def _like(pattern: str) -> re.Pattern[str]:
    wildcards = {"%": ".*", "_": "."}
    return re.compile("".join(wildcards.get(letter) or re.escape(letter) for letter in pattern), re.IGNORECASE | re.S)


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str) or "-" not in value[1:]:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone() if moment.tzinfo is None else moment


def _number(token: str) -> float:
    try:
        return float(token)
    except ValueError:
        raise MalformedQueryError(f"expected a value; got {token!r}") from None
