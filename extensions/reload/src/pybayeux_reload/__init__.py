"""Sessions for pybayeux that outlive their process."""

from .extension import Reload as Reload

__all__ = ("Reload",)
