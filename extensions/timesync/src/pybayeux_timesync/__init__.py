"""CometD's time synchronisation for pybayeux: the server's clock, seen from the client."""

from .extension import TimeSync as TimeSync

__all__ = ("TimeSync",)
