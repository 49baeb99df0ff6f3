"""The set-up of a test run: how many workers, and what its processes share. It knows no server and no test.

A pytest plugin, loaded by the root conftest before anything is collected. Its parts save minutes over the whole suite:

- Many tests start Python programs. Where the environment forbids bytecode, each of them would compile all that it
  imports; here they share one folder of bytecode, and so do the workers.
- Each HTTP client reads the list of certificate authorities, which takes 30 ms for the usual ones. The tests talk to
  this machine alone, so one authority is enough.
- Many tests collect garbage, so that what they leave open is reported as theirs. What the collection of the tests has
  made need not be searched again each time.
- Directories are tested by several workers; files and single tests by one process, which starts sooner.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import certifi
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = (
    "pytest_collection_finish",
    "pytest_sessionfinish",
    "pytest_xdist_auto_num_workers",
    "real_authorities",
    "share_bytecode",
    "shorten_authorities",
    "workers_for",
)

_FOLDER: Final = Path(__file__).parents[2] / ".pytest_cache"
_AUTHORITIES: Final = "SSL_CERT_FILE"
_REAL: Final = f"TESTS_{_AUTHORITIES}"
"""Where the workers and `real_authorities` find what the variable was."""


def share_bytecode() -> None:
    """Lets this process and its children keep their bytecode in one folder, unless the environment names another."""
    prefix = os.environ.setdefault("PYTHONPYCACHEPREFIX", str(_FOLDER / "bytecode"))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.pycache_prefix, sys.dont_write_bytecode = prefix, False


def shorten_authorities() -> None:
    """Lets this process and its children trust one certificate authority alone."""
    if _REAL in os.environ:
        return
    os.environ[_REAL] = os.environ.get(_AUTHORITIES, "")
    os.environ[_AUTHORITIES] = str(_one_authority())


def real_authorities() -> dict[str, str]:
    """The variable as it was before the tests, for programs that fetch something from outside."""
    found = os.environ.get(_REAL)
    return {_AUTHORITIES: found} if found else {}


def _one_authority() -> Path:
    path = _FOLDER / "authority.pem"
    found = re.search("-----BEGIN.*?END CERTIFICATE-----\n", certifi.contents(), re.DOTALL)
    assert found is not None
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(found[0])
    part.replace(path)  # another run may be reading it
    return path


def pytest_collection_finish() -> None:
    """Exempts all that exists now from later collections of garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Removes the bytecode of modules that tests have written to temporary folders."""
    if not hasattr(session.config, "workerinput"):
        temporary = Path(tempfile.gettempdir())
        mirrored = Path(os.environ["PYTHONPYCACHEPREFIX"], *temporary.parts[1:])
        for folder in mirrored.glob("pytest-of-*"):
            shutil.rmtree(folder, ignore_errors=True)


def workers_for(arguments: Sequence[str], cores: int) -> int:
    """How many workers run the tests of these arguments; 0 for none, which means this process itself.

    Args:
        arguments: Directories, files and tests of the command line.
        cores: How many processors there are. Two workers more, since many tests wait.
    """
    if all("::" in argument or argument.endswith(".py") for argument in arguments):
        return 0
    return cores + 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Decides what ``-n auto`` means, the default."""
    return workers_for(config.args, os.cpu_count() or 1)


share_bytecode()
shorten_authorities()
