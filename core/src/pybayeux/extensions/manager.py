"""Pluggy's plugin manager with the hooks of this package."""

from __future__ import annotations

import pluggy

from ..hookspecs import PROJECT, HookSpecs

__all__ = ("HookManager",)


class HookManager(pluggy.PluginManager):
    """Registers, orders and blocks the implementations of `HookSpecs`."""

    def __init__(self) -> None:
        super().__init__(PROJECT)
        self.add_hookspecs(HookSpecs)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """The marker of an attribute, or None."""
        # Most attributes of an object are Python's own, and each costs pluggy a look of ten microseconds.
        return None if name.startswith("__") else super().parse_hookimpl_opts(plugin, name)
