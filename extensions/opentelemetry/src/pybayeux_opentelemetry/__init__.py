"""OpenTelemetry for pybayeux: spans and metrics of what a client does."""

from .extension import OpenTelemetry as OpenTelemetry

__all__ = ("OpenTelemetry",)
