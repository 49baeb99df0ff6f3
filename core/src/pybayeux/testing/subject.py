"""The extension under test: what it is called, and how it is made, as clients do both."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..extensions.making import make
from ..extensions.naming import label, own_name
from ..extensions.options import read_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("Subject", "made", "name_of")


def name_of(extension: object) -> str:
    """The name under which a client registers an object, or an instance of a class, that nobody installed."""
    return own_name(extension, ()) or label(extension)


def made(extension: object, options: Mapping[str, object] | None = None) -> object:
    """An extension, of its class and options; one that is ready made as it is.

    Raises:
        UsageError: Options were given for what is ready made.
        ExtensionOptionError: An option is unknown, missing or of the wrong type.
        ExtensionLoadError: The constructor failed.
    """
    if not inspect.isclass(extension):
        if options:
            raise UsageError(f"{name_of(extension)!r} is ready made: options {', '.join(options)} are for a class")
        return extension
    name = name_of(extension)
    origin = f"extension {name!r}"
    values = read_options(extension, options or {}, extension=name, origin=origin).values
    return make(extension, values, extension=name, origin=origin)


@dataclass(frozen=True)
class Subject:
    """What is checked: a way to as many new instances as there are clients.

    Attributes:
        source: A class, or a function that gives an extension.
        options: The options of a class.
        ext: What servers announce to it.
    """

    source: Callable[..., object]
    options: Mapping[str, object] = field(default_factory=dict)
    ext: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> type | None:
        """The class, where it is one."""
        return self.source if inspect.isclass(self.source) else None

    def make(self) -> object:
        """A new instance."""
        return self.source() if self.kind is None else made(self.kind, self.options)

    def with_options(self, options: Mapping[str, object]) -> Subject:
        """The same with other options."""
        return replace(self, options=options)
