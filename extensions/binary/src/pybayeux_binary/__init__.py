"""CometD's binary payloads for pybayeux: bytes as `data`."""

from .extension import Binary as Binary
from .payload import BinaryData as BinaryData

__all__ = ("Binary", "BinaryData")
