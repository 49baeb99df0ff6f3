"""CometD's message acknowledgement for pybayeux: no event is lost with a lost reply."""

from .extension import Ack as Ack

__all__ = ("Ack",)
