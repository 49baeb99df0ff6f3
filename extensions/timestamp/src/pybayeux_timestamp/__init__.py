"""Timestamps on outgoing messages, for pybayeux."""

from .extension import Timestamp as Timestamp

__all__ = ("Timestamp",)
