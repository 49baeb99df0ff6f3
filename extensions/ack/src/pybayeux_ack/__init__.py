"""CometD's message acknowledgement for pybayeux: no event is lost with a reply that never arrives."""

from .extension import Ack as Ack

__all__ = ("Ack",)
