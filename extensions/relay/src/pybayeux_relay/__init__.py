"""Relay for pybayeux: events into a database or broker, each exactly once."""

from typing import TYPE_CHECKING

from pybayeux import lazy_names

if TYPE_CHECKING:
    from .progress import Progress as Progress
    from .records import Record as Record
    from .records import RecordError as RecordError
    from .records import Records as Records
    from .relay import Relay as Relay
    from .target import Target as Target
    from .target import TargetError as TargetError
    from .target import TargetFactory as TargetFactory
    from .target import Targets as Targets
    from .target import open_target as open_target
    from .write_first import WriteFirstStore as WriteFirstStore

__all__ = (
    "Progress",
    "Record",
    "RecordError",
    "Records",
    "Relay",
    "Target",
    "TargetError",
    "TargetFactory",
    "Targets",
    "WriteFirstStore",
    "open_target",
)

if not TYPE_CHECKING:  # the help of a command imports this package
    __getattr__ = lazy_names(
        __name__,
        {
            "progress": "Progress",
            "records": "Record RecordError Records",
            "relay": "Relay",
            "target": "Target TargetError TargetFactory Targets open_target",
            "write_first": "WriteFirstStore",
        },
    )
