"""What a start costs: the import, the discovery of the installed extensions, and a client with all of them.

    uv run python benchmarks/start.py

Each figure is the best of several fresh processes, in milliseconds of processor time beyond that of an empty one. The
baseline of the same run is `import httpx`, which every client does anyhow. Discovery happens once per process, when the
first client is made: the scan of the metadata, then the import of each extension and the check of its hooks.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final

ROUNDS: Final = 7

_MADE: Final = "from pybayeux import AsyncClient; AsyncClient('http://localhost/', discover={})"
_PARTS: Final = {
    "import httpx (the baseline)": "import httpx",
    "import pybayeux": "import pybayeux",
    "... and a client without discovery": _MADE.format(False),
    "... and a client with the installed extensions": _MADE.format(True),
    "... and a second client": f"{_MADE.format(True)}; AsyncClient('http://localhost/')",
    "the scan for extensions": "from pybayeux.extensions.discovery import find; find()",
    "the scan for hooks that they bring": "from pybayeux.extensions.catalogue import hook_names; hook_names()",
}
_CLOCK: Final = "; import time; print(time.process_time())"


def main() -> None:
    """Measure each part and print it beside the baseline."""
    empty = _best("pass")
    taken = {name: _best(code) - empty for name, code in _PARTS.items()}
    baseline = taken["import httpx (the baseline)"]
    for name, seconds in taken.items():
        print(f"{name:<48} {seconds * 1000:7.1f} ms  {seconds / baseline:5.2f}")


def _best(code: str) -> float:
    """Seconds of processor time of a process that runs this code and nothing else."""
    command = [sys.executable, "-c", code + _CLOCK]
    return min(float(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(ROUNDS))


if __name__ == "__main__":
    main()
