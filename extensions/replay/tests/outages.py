"""An observer of outages, which notes what it is told."""

from __future__ import annotations

from pybayeux_replay.outage import MOST_UNSTORED, Outage

__all__ = ("OutageProbe", "outage")


class OutageProbe:
    """Notes what an outage tells.

    Attributes:
        told: The names of its calls, in order.
    """

    def __init__(self) -> None:
        self.told: list[str] = []

    def store_failed(self, error: Exception | None) -> None:
        self.told.append("back" if error is None else "failed")

    def pause_receivers(self, reason: str) -> None:
        self.told.append(f"hold: {reason}")

    def resume_receivers(self) -> None:
        self.told.append("release")


def outage(probe: OutageProbe | None = None, limit: int = MOST_UNSTORED) -> Outage:
    """An outage that tells the probe."""
    return Outage(probe or OutageProbe(), limit)
