"""Options of extensions in files, for the command line: ``pybayeux.toml``, or ``pyproject.toml``.

``pybayeux.toml`` has a table per extension, such as ``[replay]``; ``pyproject.toml`` has ``[tool.pybayeux.replay]``.
A table ``[local-extensions]`` names extensions without a package: ``tenant = "tenant_rules:Tenant"``. A list ``order``
names the extensions that come first, as `AsyncClient` has it; a list ``only`` the only ones to use; ``expected`` the
file of the expected extensions.
The nearest directory that has one of the two counts, and there ``pybayeux.toml`` comes first. Clients read no files.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .._util.text import to_utf8
from ..errors import UsageError
from .choices import set_expected, set_only, set_order
from .discovery import set_local_extensions
from .option_table import OptionTable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("LOCAL_TABLE", "read_config")

_OWN: Final = "pybayeux.toml"
_SHARED: Final = "pyproject.toml"
_ORDER: Final = "order"
_ONLY: Final = "only"
_EXPECTED: Final = "expected"

LOCAL_TABLE: Final = "local-extensions"
"""The table of the extensions without a package, by name."""


def read_config(directory: Path | None = None) -> Mapping[str, OptionTable]:
    """The options in the nearest file. The environment takes precedence over them.

    The extensions without a package that it names are used from now on, and its order.

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
                tables = _content(path)
                set_order(_names(_ORDER, tables, path), path)
                set_only(_names(_ONLY, tables, path), path)
                set_expected(_expected(tables, path), path)
                _check_tables(tables, path)
                set_local_extensions(_local(tables.pop(LOCAL_TABLE, {}), path), path)
                return {
                    each: OptionTable(table, dict.fromkeys(table, str(path)), table) for each, table in tables.items()
                }
    set_local_extensions({}, start)
    set_order((), start)
    set_only((), start)
    set_expected(None, start)
    return {}


def _local(table: Mapping[str, Any], path: Path) -> Mapping[str, str]:
    for name, target in table.items():
        if not isinstance(target, str):
            raise UsageError(f"{path}: [{LOCAL_TABLE}] {name}: expected 'module' or 'module:attribute'; got {target!r}")
    return table


def _names(key: str, tables: dict[str, Any], path: Path) -> list[str]:
    """Take a list out of the tables; a table of this name has the options of an extension."""
    if isinstance(names := tables.get(key, []), dict):
        return []
    tables.pop(key, None)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{path}: {key}: expected a list of names; got {names!r}")
    return names


def _expected(tables: dict[str, Any], path: Path) -> str | None:
    """Take the name of a file out of the tables."""
    if isinstance(name := tables.get(_EXPECTED), dict):
        return None
    tables.pop(_EXPECTED, None)
    if name is not None and not isinstance(name, str):
        raise UsageError(f"{path}: {_EXPECTED}: expected the name of a file; got {name!r}")
    return name


def _content(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(to_utf8(path.read_bytes()).decode())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    own: dict[str, Any] = content if path.name == _OWN else content.get("tool", {}).get("pybayeux", {})
    return own


def _check_tables(tables: Mapping[str, Any], path: Path) -> None:
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: {name!r} is to be a table, the options of the extension of that name")
