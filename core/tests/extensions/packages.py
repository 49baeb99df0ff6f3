"""Installed packages for a test: real metadata and real modules in a folder of the test's own."""

from __future__ import annotations

import sys
from textwrap import dedent
from typing import TYPE_CHECKING

from pybayeux.extensions import candidates, catalogue, command_entries, discovery, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from pybayeux.extensions.discovery import Installed


class Packages:
    """Writes distributions into a folder that is on the import path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._dists: set[str] = set()
        self._modules: set[str] = set()

    def add(
        self,
        dist: str,
        entry_points: dict[str, str],
        *,
        version: str = "1.2",
        requires: Iterable[str] = (),
        hookspecs: dict[str, str] | None = None,
        commands: dict[str, str] | None = None,
        **modules: str,
    ) -> None:
        """Install a distribution with these entry points, requirements, hook specifications and modules."""
        info = self._folder / f"{dist.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        required = "".join(f"Requires-Dist: {each}\n" for each in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n{required}")
        groups = {"pybayeux": entry_points, "pybayeux.hookspecs": hookspecs or {}, "pybayeux.commands": commands or {}}
        lines = [
            line
            for group, points in groups.items()
            for line in (f"[{group}]\n", *(f"{name} = {value}\n" for name, value in points.items()))
        ]
        (info / "entry_points.txt").write_text("".join(lines))
        for name, source in modules.items():
            (self._folder / f"{name}.py").write_text("from pybayeux import hookimpl, hookspec\n" + dedent(source))
            self._modules.add(name)
        self._dists.add(dist)
        self.forget()

    def signature(self, **parameters: str) -> None:
        """Install the extension of the documentation's example, with these parameters beside `key`."""
        more = "".join(f", {name}: {rest}" for name, rest in parameters.items())
        self.add(
            "signature-extension",
            {"signature": "signature_extension:Signature"},
            signature_extension=f"""
                class Signature:
                    def __init__(self, key: str, header: str = "com.example.sig"{more}) -> None:
                        self.key, self.header = key, header

                    @hookimpl
                    def outgoing(self, message): ...
            """,
        )

    def hide_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let nothing be installed but what the test installs."""
        monkeypatch.syspath_prepend(str(self._folder))
        for module in (candidates, command_entries, wanted):
            monkeypatch.setattr(module, "find", lambda: self.only(discovery.find()))
        for module in (catalogue, command_entries):
            monkeypatch.setattr(module, "find_group", lambda group: self.only(discovery.find_group(group)))
        self.forget()

    def only(self, found: Iterable[Installed]) -> tuple[Installed, ...]:
        """What a test installed, without what the environment has."""
        return tuple(each for each in found if each.dist in self._dists)

    def is_imported(self, module: str) -> bool:
        """True where something imported the module."""
        return module in sys.modules

    def forget(self) -> None:
        """Let the next look at the installed packages be the first."""
        candidates.load.cache_clear()
        catalogue.forget()
        candidates.misfit_of.cache_clear()

    def remove(self) -> None:
        """Leave nothing behind."""
        self.forget()
        for name in self._modules:
            sys.modules.pop(name, None)
