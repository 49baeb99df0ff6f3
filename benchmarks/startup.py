"""What a start costs: imports, a first client, and the command line, each in fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Measurement, MeasurementError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME: Final = "start-up"
TITLE: Final = "start-up"
BASELINE: Final = "import httpx"

_BYTECODE: Final = Path(__file__).parents[1] / ".pytest_cache" / "bytecode"
_CLIENT: Final = "from pybayeux import AsyncClient; AsyncClient('http://localhost/', discover={})"
_NONE: Final = {"PYBAYEUX_DISABLE_EXTENSIONS": "all"}
_COMPLETION: Final = {"_PYBAYEUX_COMPLETE": "bash_complete", "COMP_WORDS": "pybayeux ", "COMP_CWORD": "1"}


def _code(text: str) -> tuple[str, ...]:
    return sys.executable, "-c", text


_COMMAND: Final = str(Path(sys.executable).with_name("pybayeux"))
_HELP: Final = (_COMMAND, "--help")
STARTS: Final[Mapping[str, tuple[Sequence[str], Mapping[str, str]]]] = {
    "python -c pass": (_code("pass"), {}),
    BASELINE: (_code("import httpx"), {}),
    # A name is imported when it is used: `import pybayeux` alone would measure nothing.
    "import pybayeux": (_code("from pybayeux import AsyncClient"), {}),
    "a client without discovery": (_code(_CLIENT.format(False)), {}),
    "a client with all extensions": (_code(_CLIENT.format(True)), {}),
    "pybayeux --help, no extension": (_HELP, _NONE),
    "pybayeux --help, all": (_HELP, {}),
    "completion of a command, all": ((_COMMAND,), _COMPLETION),
}
"""The commands and their environments, by name."""


def measure_start(name: str) -> Measurement:
    """Run one of `STARTS`; its processor time is in microseconds.

    Raises:
        MeasurementError: the command failed.
    """
    _run_once(name)
    return _measure(name)


@cache
def _run_once(name: str) -> None:
    """Have the bytecode written, which the first start after a change would pay for."""
    _measure(name)


def _measure(name: str) -> Measurement:
    command, environment = STARTS[name]
    start = time.perf_counter()
    # As installed: bytecode is kept, also where the environment forbids to write it.
    bytecode = {"PYTHONPYCACHEPREFIX": str(_BYTECODE), "PYTHONDONTWRITEBYTECODE": ""}
    child = subprocess.Popen(command, env={**os.environ, **bytecode, **environment}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise MeasurementError(f"{' '.join(command)} ended with status {child.returncode}")
    return Measurement(processor=(used.ru_utime + used.ru_stime) * 1e6, per_second=1 / seconds)
