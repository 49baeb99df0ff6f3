"""The ratios that the repository keeps: what a piece costs beside `json.loads` of the same bytes, by version of Python.

Instructions depend on processor, compiler and Python. Their ratios depend on them far less.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE: Final = Path(__file__).with_name("ratios.json")
MARGIN: Final = 0.15
"""The share by which a ratio may be larger than the one kept: other builds and libraries differ by less than that."""
VERSION: Final = ".".join(map(str, sys.version_info[:2]))


def kept(version: str = VERSION) -> dict[str, float]:
    """The ratios by piece; empty for a version of Python that none are kept of."""
    found: dict[str, float] = json.loads(FILE.read_text()).get(version, {})
    return found


def keep(ratios: Mapping[str, float], version: str = VERSION) -> None:
    """Keep these from now on."""
    everything = json.loads(FILE.read_text()) if FILE.exists() else {}
    everything[version] = {piece: round(ratio, 2) for piece, ratio in ratios.items()}
    FILE.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n")


def verdict(ratio: float, before: float | None) -> str | None:
    """What is wrong with a ratio, or None."""
    if before is None or ratio <= before * (1 + MARGIN):
        return None
    return f"{ratio:.2f} is more than {before:.2f} by over {MARGIN:.0%}"
