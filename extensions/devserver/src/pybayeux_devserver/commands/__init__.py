"""The commands that this package adds to `pybayeux`."""

from .demo import demo as demo
from .serve import serve as serve

__all__ = ("demo", "serve")
