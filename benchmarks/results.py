"""The results of a run: what was measured by case and client, and on which machine. Read and written as JSON."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from benchmarks.measure import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Outcome = dict[str, list[Measurement]]
"""The measurements of a case, one for each round, by client."""


@dataclass(kw_only=True)
class Results:
    """What a run measured.

    Attributes:
        quick: whether it was a quick run.
        rounds: how many measurements there are of each client in each case.
        machine: what the run was made on.
        versions: of the clients and servers.
        load: the load of the machine, before and after the run. A quiet machine has 0.
        outcomes: the measurements, by case.
        failures: why a client has none, by case and client.
    """

    quick: bool
    rounds: int
    date: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    machine: str = field(
        default_factory=lambda: f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"
    )
    versions: dict[str, str] = field(default_factory=dict)
    load: list[float] = field(default_factory=lambda: [os.getloadavg()[0]])
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failures: dict[str, dict[str, str]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self)))


def load(path: Path) -> Results:
    """Read what `Results.save` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Results)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over all rounds."""

    middle: float
    least: float
    most: float


def figure(measurements: list[Measurement], value: Callable[[Measurement], float | None]) -> Figure | None:
    """The median and the range of a value over all rounds; None where it was not measured."""
    values = [found for each in measurements if (found := value(each)) is not None]
    return Figure(median(values), min(values), max(values)) if values else None
