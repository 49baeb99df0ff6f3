"""Change Data Capture: the content of a change event, and transactions.

Owns the header of change events, gap events and transactions (Change Data Capture guide: "Change Event Header Fields",
"Gap Events", "Overflow Events", "Transaction-Based Replication").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .channels import Product, change_event
from .event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..org.ids import Ids

__all__ = ("CHANGE_TYPES", "Transaction", "change")

_WHOLE: Final = ("CREATE", "UPDATE", "DELETE", "UNDELETE")
_GAPS: Final = ("GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE")
_OVERFLOW: Final = "GAP_OVERFLOW"
CHANGE_TYPES: Final = (*_WHOLE, *_GAPS, _OVERFLOW)


class Transaction:
    """Changes that were committed together: they have the same key and rising sequence numbers.

    Attributes:
        key: The ``transactionKey``.
        number: The ``commitNumber``.
        time: When it was committed, in the org's time.

    Args:
        ids: Generates the key.
        number: The ``commitNumber``.
        time: When it was committed, in the org's time.
    """

    def __init__(self, ids: Ids, number: int, time: float) -> None:
        self.key: Final = ids.transaction()
        self.number: Final = number
        self.time: Final = time
        self._sequence = 0

    def next(self) -> int:
        """The next sequence number."""
        self._sequence += 1
        return self._sequence

    def skip(self, changes: int = 1) -> None:
        """Leave a gap in the sequence: this many changes are of objects that are not selected."""
        self._sequence += changes


def change(
    entity: str,
    kind: str,
    record_ids: Sequence[str],
    fields: Mapping[str, Any],
    transaction: Transaction,
    *,
    uuid: str,
    author: str,
    origin: str,
) -> Event:
    """The event of a change.

    Args:
        entity: The object, such as ``Account`` or ``Emp__c``.
        kind: The kind of change, one of `CHANGE_TYPES`.
        record_ids: The changed records. There are several if all of them have the same change.
        fields: The new values; a cleared field is None. Deletions and gap events have none.
        transaction: The transaction.
        uuid: A unique id, which is not sent.
        author: The user.
        origin: The ``changeOrigin``, by which a client recognises its own changes.

    Raises:
        ValueError: There is no such kind of change.
    """
    if kind not in CHANGE_TYPES:
        raise ValueError(f"kind: expected one of {', '.join(CHANGE_TYPES)}; got {kind!r}")
    has_fields = kind in _WHOLE and kind != "DELETE"
    header = {
        "entityName": entity,
        "recordIds": [] if kind == _OVERFLOW else list(record_ids),
        "changeType": kind,
        "changeOrigin": origin,
        "transactionKey": transaction.key,
        "sequenceNumber": transaction.next(),
        "commitTimestamp": round(transaction.time * 1000),
        "commitUser": author,
        "commitNumber": transaction.number,
        "changedFields": list(fields) if kind == "UPDATE" else [],
    }
    return Event(
        product=Product.CHANGE_EVENT,
        name=change_event(entity),
        content=dict(fields) if has_fields else {},
        uuid=uuid,
        created=transaction.time,
        author=author,
        header=header,
    )
