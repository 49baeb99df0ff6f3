"""Tokens for pybayeux: in a header, in ``ext``, and a fresh one when the server refuses the old."""

from .extension import Auth as Auth

__all__ = ("Auth",)
