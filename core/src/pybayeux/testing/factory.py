"""The extension under test: its name and its instances, made as a client makes them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..extensions.options import read_options
from ..extensions.selection import instantiate, label, own_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("ExtensionFactory", "name_of", "new_extension")


def name_of(extension: object) -> str:
    """The name under which a client registers an extension that is not installed."""
    return own_name(extension, ()) or label(extension)


def new_extension(extension: object, options: Mapping[str, object] | None = None) -> object:
    """An instance of an extension's class with options; an instance or a module is returned unchanged.

    Raises:
        UsageError: Options were given for an instance or a module.
        ExtensionOptionError: An option is unknown, missing or of the wrong type.
        ExtensionLoadError: The constructor failed.
    """
    if not inspect.isclass(extension):
        if options:
            raise UsageError(f"{name_of(extension)!r} is not a class: it takes no options, got {', '.join(options)}")
        return extension
    name = name_of(extension)
    origin = f"extension {name!r}"
    values = read_options(extension, options or {}, extension=name, origin=origin).values
    return instantiate(extension, values, extension=name, origin=origin)


@dataclass(frozen=True)
class ExtensionFactory:
    """Makes a new instance of the extension under test for each client.

    Attributes:
        source: A class, or a function that returns an extension.
        options: The options of a class.
        ext: The `ext` of the handshake's reply.
    """

    source: Callable[..., object]
    options: Mapping[str, object] = field(default_factory=dict)
    ext: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> type | None:
        """The class, or None if the source is a function."""
        return self.source if inspect.isclass(self.source) else None

    def new(self) -> object:
        """A new instance."""
        return self.source() if self.kind is None else new_extension(self.kind, self.options)

    def with_options(self, options: Mapping[str, object]) -> ExtensionFactory:
        """A copy with other options."""
        return replace(self, options=options)
