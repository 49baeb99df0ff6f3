"""A position as it is written down: in a file, and by the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from .position import EARLIEST, Position

__all__ = ("Record",)

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Record(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The members of a `Position`, each as JSON has it; times are ISO 8601 with their zone."""

    replay_id: Annotated[int, msgspec.Meta(ge=EARLIEST)]
    stored_at: _Moment
    event_time: _Moment | None = None
    event_uuid: str | None = None
    org: str | None = None
    quiet_until: _Moment | None = None

    @classmethod
    def of(cls, position: Position) -> Record:
        """The record of a position."""
        return cls(*(getattr(position, name) for name in Record.__struct_fields__))

    def position(self) -> Position:
        """The position recorded."""
        return Position(*(getattr(self, name) for name in Record.__struct_fields__))
