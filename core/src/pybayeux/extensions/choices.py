"""The choice of extensions for this process: what the environment, the command line and its file say.

Owns the names of the environment variables and their precedence over the configuration file. It does not know which
extensions there are.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from .names import split_names

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = (
    "DISABLE_VARIABLE",
    "EXPECTED_VARIABLE",
    "ONLY_VARIABLE",
    "ORDER_VARIABLE",
    "NamesFrom",
    "configured_order",
    "disabled_names",
    "expected_file",
    "forget",
    "only_names",
    "set_expected",
    "set_only",
    "set_order",
)

DISABLE_VARIABLE: Final = "PYBAYEUX_DISABLE_EXTENSIONS"
"""The environment variable with the extensions to leave out."""

ONLY_VARIABLE: Final = "PYBAYEUX_EXTENSIONS"
"""The environment variable with the only extensions to use."""

ORDER_VARIABLE: Final = "PYBAYEUX_EXTENSION_ORDER"
"""The environment variable with the order of extensions."""

EXPECTED_VARIABLE: Final = "PYBAYEUX_EXPECTED_EXTENSIONS"
"""The environment variable with the file of the expected extensions."""


class NamesFrom(NamedTuple):
    """Names of extensions, and where they come from."""

    names: tuple[str, ...]
    place: str


_NOTHING: Final = NamesFrom((), "")
_configured: Final[dict[str, NamesFrom]] = {}
_COMMAND_LINE: Final = "-p only"


def disabled_names() -> frozenset[str]:
    """The names in PYBAYEUX_DISABLE_EXTENSIONS; ``all`` stands for every one."""
    return frozenset(split_names(os.environ.get(DISABLE_VARIABLE, "")))


def configured_order() -> NamesFrom:
    """The names in PYBAYEUX_EXTENSION_ORDER, else those of the configuration file; empty where there are none."""
    return _from_environment(ORDER_VARIABLE) or _configured.get(ORDER_VARIABLE, _NOTHING)


def only_names() -> NamesFrom:
    """The names given with ``-p only``, else those in PYBAYEUX_EXTENSIONS, else those of the configuration file.

    Empty where there are none: then every extension is wanted.
    """
    typed = _configured.get(_COMMAND_LINE, _NOTHING)
    if typed.names:
        return typed
    return _from_environment(ONLY_VARIABLE) or _configured.get(ONLY_VARIABLE, _NOTHING)


def expected_file() -> tuple[Path, str] | None:
    """The file of the expected extensions and what names it: PYBAYEUX_EXPECTED_EXTENSIONS, or the configuration."""
    if text := os.environ.get(EXPECTED_VARIABLE, ""):
        return Path(text), EXPECTED_VARIABLE
    names, place = _configured.get(EXPECTED_VARIABLE, _NOTHING)
    return (Path(names[0]), place) if names else None


def set_order(names: Iterable[str], file: Path) -> None:
    """Use the order of a configuration file from now on, in place of that before."""
    _configured[ORDER_VARIABLE] = NamesFrom(tuple(names), str(file))


def set_only(names: Iterable[str], file: Path | None = None) -> None:
    """Use only these extensions from now on, in place of those before; None of them: all.

    Args:
        names: Their names.
        file: The configuration file that has them; None: the command line.
    """
    kind, place = (_COMMAND_LINE, _COMMAND_LINE) if file is None else (ONLY_VARIABLE, str(file))
    _configured[kind] = NamesFrom(tuple(names), place)


def set_expected(name: str | None, file: Path) -> None:
    """Expect the extensions in a file from now on; its path begins at the folder of the configuration file."""
    _configured[EXPECTED_VARIABLE] = _NOTHING if name is None else NamesFrom((str(file.parent / name),), str(file))


def forget() -> None:
    """Forget what the command line and the file said, for tests."""
    _configured.clear()


def _from_environment(variable: str) -> NamesFrom | None:
    names = split_names(os.environ.get(variable, ""))
    return NamesFrom(names, variable) if names else None
