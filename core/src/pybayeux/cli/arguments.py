"""Options of extensions on the command line: ``-x extension.option=value``, ``-p no:name`` and ``-p only:name``.

Owns their syntax, their precedence over the configuration file, and the list of the secrets among the values.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final

import click

from .._util.credentials import is_secret
from .._util.redact import Redactor
from ..errors import UsageError
from ..extensions.choices import set_only
from ..extensions.config import read_config
from ..extensions.option_table import OptionTable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("CliOptions", "is_secret")

_logger: Final = logging.getLogger("pybayeux.cli")
_LONGEST: Final = 1000


class CliOptions:
    """The options of extensions and the disabled extensions, collected from the whole command line.

    Attributes:
        disabled: The names of the extensions that are disabled.
    """

    def __init__(self) -> None:
        self.disabled: Final[list[str]] = []
        self._only: Final[list[str]] = []
        self._values: Final[dict[str, dict[str, Any]]] = {}
        self._redactor: Final = Redactor()
        for name, value in os.environ.items():
            if name.startswith("PYBAYEUX_"):
                self.keep_secret(name.rpartition("_")[2], value)

    def set(self, extension: str, option: str, value: object) -> None:
        """Set an option's value; a later call replaces it."""
        self._values.setdefault(extension, {})[option] = value
        self.keep_secret(option, value)

    def read_value(self, text: str) -> None:
        """Read ``extension.option=value``, or ``extension.option:=value`` with a value in JSON.

        Raises:
            click.BadParameter: It is neither. The error does not show the value: it may be a secret.
        """
        place, equals, value = text.partition("=")
        extension, dot, option = place.removesuffix(":").rpartition(".")
        if not equals:
            raise click.BadParameter("expected extension.option=value; this has no '='")
        if not (extension and dot and option):
            raise click.BadParameter(
                f"expected extension.option=value; {place!r} does not name an option of an extension"
            )
        self.set(extension, option.replace("-", "_"), _from_json(place, value) if place.endswith(":") else value)

    def read_choice(self, text: str) -> None:
        """Read ``no:name`` or ``only:name``.

        Raises:
            click.BadParameter: The text has another form.
        """
        kind, _, name = text.partition(":")
        if not name or kind not in ("no", "only"):
            raise click.BadParameter(
                "expected no:name, which leaves an extension out, or only:name, which leaves out those not named so; "
                f"got {text!r}"
            )
        (self.disabled if kind == "no" else self._only).append(name)

    def options(self) -> dict[str, OptionTable]:
        """The options of each extension; the command line takes precedence over the file.

        Raises:
            UsageError: The file cannot be read.
        """
        set_only(self._only)
        options = dict(read_config())
        for table in options.values():
            for option, value in table.items():
                self.keep_secret(option, value)
        return options | self._typed(options)

    def _typed(self, options: Mapping[str, OptionTable]) -> dict[str, OptionTable]:
        """The options of each extension that the command line is about, over those given otherwise."""
        typed = {}
        for extension, values in self._values.items():
            table = options.get(extension, OptionTable({}))
            sources = table.sources | dict.fromkeys(values, "-x")
            typed[extension] = OptionTable({**table, **values}, sources, table.weak - values.keys())
        return typed

    def readable_options(self) -> dict[str, OptionTable]:
        """As `options`, but a file that cannot be read is a warning, and only the command line counts."""
        try:
            return self.options()
        except UsageError as error:
            _logger.warning("%s", error)
            return self._typed({})

    def keep_secret(self, name: str, value: object) -> None:
        """Redact a value from every text if its name says that it is a secret."""
        if isinstance(value, str) and is_secret(name):
            self._redactor.remember(value)
            self._redactor.remember(value.rpartition(" ")[2])

    def redact(self, text: str) -> str:
        """The text without secrets."""
        return self._redactor(text, limit=_LONGEST)


def _from_json(place: str, value: str) -> object:
    import msgspec  # slow to import, and seldom needed

    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"the value of {place!r} is not JSON: {error}") from None
