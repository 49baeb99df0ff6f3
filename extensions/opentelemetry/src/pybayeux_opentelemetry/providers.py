"""Checks of providers: whether one of traces or of metrics records anything. They know no clock and no client."""

from __future__ import annotations

from typing import Final

__all__ = ("records",)

_API: Final = ("opentelemetry.metrics", "opentelemetry.trace")
"""The modules with the providers that do nothing: the proxies of those to come, and the explicit ones."""


def records(provider: object) -> bool:
    """Return whether a provider may record something."""
    return not type(provider).__module__.startswith(_API)
