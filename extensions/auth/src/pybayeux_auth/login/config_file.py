"""The file with the options of extensions, as the command line finds it: ``pybayeux.toml``, or ``pyproject.toml``.

Owns which file a login changes, and the change. Comments, order and everything else in the file stay.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import LoginMisconfiguredError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ConfigFile",)

_OWN: Final = "pybayeux.toml"
_SHARED: Final = "pyproject.toml"
_EXTENSION: Final = "auth"


class ConfigFile:
    """The file that clients started in this folder read, or a new ``pybayeux.toml`` in it.

    Args:
        folder: Where to begin; the search goes upwards.

    Attributes:
        path: The file.

    Raises:
        LoginMisconfiguredError: The file cannot be read, or its folder not be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path: Final = _find(folder.resolve())
        # An error is better before a login than after it.
        self._content()
        if not os.access(self._folder, os.W_OK):
            raise LoginMisconfiguredError(
                f"{self.path} cannot be written: log in in another folder, or with --no-config, which writes no file"
            )

    @property
    def _folder(self) -> Path:
        """Where a new file is written before it replaces the old one, which may be a link."""
        return Path(os.path.realpath(self.path)).parent

    def write(self, options: Mapping[str, str]) -> None:
        """Set options of `auth`. The file is replaced atomically.

        Raises:
            LoginMisconfiguredError: The file cannot be read or written.
        """
        content = self._content()
        table = content
        for name in ("tool", "pybayeux", _EXTENSION) if self.path.name == _SHARED else (_EXTENSION,):
            table = _sub_table(table, name, self.path)
        table.update(options)
        try:
            _replace(self.path, content.as_string())
        except OSError as error:
            raise LoginMisconfiguredError(f"{self.path} cannot be written: {error.strerror}") from error

    def _content(self) -> Any:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            return tomlkit.parse(self.path.read_text(encoding="utf-8")) if self.path.exists() else tomlkit.document()
        except (OSError, UnicodeDecodeError, TOMLKitError) as error:
            raise LoginMisconfiguredError(f"{self.path} cannot be read: {error}") from error


def _sub_table(table: Any, name: str, path: Path) -> Any:
    import tomlkit

    if name not in table:
        table[name] = tomlkit.table()
    if not isinstance(table[name], dict):
        raise LoginMisconfiguredError(f"{path}: expected a table {name}; it is something else")
    return table[name]


def _find(folder: Path) -> Path:
    """The nearest file that has options of extensions. A new one must not hide it."""
    for place in (folder, *folder.parents):
        if (place / _OWN).is_file():
            return place / _OWN
        if (place / _SHARED).is_file():
            # The search of the command line ends here, whether the file has options or not.
            return place / _SHARED if _has_options(place / _SHARED) else folder / _OWN
    return folder / _OWN


def _has_options(path: Path) -> bool:
    import tomllib

    try:
        return "pybayeux" in tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        raise LoginMisconfiguredError(f"{path} cannot be read: {error}") from error


def _replace(path: Path, text: str) -> None:
    target = Path(os.path.realpath(path))
    if not target.exists():
        target.touch()  # for the mode that new files have
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        shutil.copymode(target, name)
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
