"""Options of extensions in files, for the command line: ``pybayeux.toml``, or ``pyproject.toml``.

``pybayeux.toml`` has a table per extension, such as ``[replay]``; ``pyproject.toml`` has ``[tool.pybayeux.replay]``.
The nearest directory that has one of the two counts, and there ``pybayeux.toml`` comes first. Clients read no files.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .options import OptionTable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("read_config",)

_OWN: Final = "pybayeux.toml"
_SHARED: Final = "pyproject.toml"


def read_config(directory: Path | None = None) -> Mapping[str, OptionTable]:
    """The options in the nearest file. The environment takes precedence over them.

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
                tables = _tables(path)
                return {
                    each: OptionTable(table, dict.fromkeys(table, str(path)), table) for each, table in tables.items()
                }
    return {}


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    tables: dict[str, dict[str, Any]] = content if path.name == _OWN else content.get("tool", {}).get("pybayeux", {})
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: {name!r} is to be a table, the options of the extension of that name")
    return tables
