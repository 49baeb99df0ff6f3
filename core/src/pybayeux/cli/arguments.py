"""What the command line says of extensions: ``-x extension.option=value`` and ``-p no:name``.

Owns their syntax, their place before the configuration file, and the list of the secrets among the values.
"""

from __future__ import annotations

import logging
import os
from typing import Any, Final

import click
import msgspec

from .._util.credentials import is_secret
from .._util.redact import Redactor
from ..errors import UsageError
from ..extensions import read_config

__all__ = ("Given", "is_secret")

_logger: Final = logging.getLogger("pybayeux.cli")
_LONGEST: Final = 1000


class Given:
    """The options of extensions and the extensions to leave out, gathered from the whole command line.

    Attributes:
        disabled: The names of extensions to leave out.
    """

    def __init__(self) -> None:
        self.disabled: Final[list[str]] = []
        self._values: Final[dict[str, dict[str, Any]]] = {}
        self._redactor: Final = Redactor()
        for name, value in os.environ.items():
            if name.startswith("PYBAYEUX_"):
                self.keep_secret(name.rpartition("_")[2], value)

    def set(self, extension: str, option: str, value: object) -> None:
        """Take an option's value; a later one replaces it."""
        self._values.setdefault(extension, {})[option] = value
        self.keep_secret(option, value)

    def read_value(self, text: str) -> None:
        """Take ``extension.option=value``, or ``extension.option:=value`` with a value in JSON.

        Raises:
            click.BadParameter: It is neither. The value is not told: it may be a secret.
        """
        place, equals, value = text.partition("=")
        extension, dot, option = place.removesuffix(":").rpartition(".")
        if not equals:
            raise click.BadParameter("write extension.option=value; this has no '='")
        if not (extension and dot and option):
            raise click.BadParameter(f"write extension.option=value; {place!r} names no option of an extension")
        self.set(extension, option.replace("-", "_"), _from_json(place, value) if place.endswith(":") else value)

    def read_block(self, text: str) -> None:
        """Take ``no:name``.

        Raises:
            click.BadParameter: It is something else.
        """
        name = text.removeprefix("no:")
        if not name or name == text:
            raise click.BadParameter(f"write no:name to leave an extension out, not {text!r}")
        self.disabled.append(name)

    def options(self) -> dict[str, dict[str, Any]]:
        """What was given for each extension: the command line before the file.

        Raises:
            UsageError: The file is wrong.
        """
        options = {extension: dict(table) for extension, table in read_config().items()}
        for table in options.values():
            for option, value in table.items():
                self.keep_secret(option, value)
        for extension, values in self._values.items():
            options.setdefault(extension, {}).update(values)
        return options

    def readable_options(self) -> dict[str, dict[str, Any]]:
        """As `options`, for what has to work with a wrong file too: that is a warning, and the command line counts."""
        try:
            return self.options()
        except UsageError as error:
            _logger.warning("%s", error)
            return {extension: dict(values) for extension, values in self._values.items()}

    def keep_secret(self, name: str, value: object) -> None:
        """Let a value appear in no text, if its name says that it is a secret."""
        if isinstance(value, str) and is_secret(name):
            self._redactor.remember(value)
            self._redactor.remember(value.rpartition(" ")[2])

    def redact(self, text: str) -> str:
        """The text without secrets."""
        return self._redactor(text, limit=_LONGEST)


def _from_json(place: str, value: str) -> object:
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"the value of {place!r} is no JSON: {error}") from None
