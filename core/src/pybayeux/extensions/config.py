"""Options of extensions in files, for the command line: ``pybayeux.toml``, or ``pyproject.toml``.

``pybayeux.toml`` has a table per extension, such as ``[replay]``; ``pyproject.toml`` has ``[tool.pybayeux.replay]``.
The nearest directory that has one of the two counts, and there ``pybayeux.toml`` comes first. Clients read no files.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .._util.text import to_utf8
from ..errors import UsageError
from .options import environment_name

if TYPE_CHECKING:
    from .candidates import GivenOptions

__all__ = ("read_config",)

_OWN: Final = "pybayeux.toml"
_SHARED: Final = "pyproject.toml"


def read_config(directory: Path | None = None) -> GivenOptions:
    """The options in the nearest file, without those that the environment sets: the environment comes first.

    Args:
        directory: Where to begin; the search goes upwards. None: the current directory.

    Raises:
        UsageError: The file cannot be read, or is wrong.
    """
    start = (directory or Path.cwd()).resolve()
    for place in (start, *start.parents):
        for name in (_OWN, _SHARED):
            path = place / name
            if path.is_file():
                return _without_environment(_tables(path))
    return {}


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = tomllib.loads(to_utf8(path.read_bytes()).decode())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    tables: dict[str, dict[str, Any]] = content if path.name == _OWN else content.get("tool", {}).get("pybayeux", {})
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: {name!r} is to be a table, the options of the extension of that name")
    return tables


def _without_environment(tables: dict[str, dict[str, Any]]) -> GivenOptions:
    return {
        extension: {
            option: value for option, value in table.items() if environment_name(extension, option) not in os.environ
        }
        for extension, table in tables.items()
    }
