"""Tools and builds that servers need: found, or made once per machine and again when their sources change.

Concurrent test runs share one build: a file lock lets one make it while the others wait.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.once import locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ("Build", "BuildError", "MissingTool", "require_tool")


class MissingTool(Exception):
    """A program that a server needs is not on this machine, or too old."""


class BuildError(Exception):
    """A build ended with an error; the text carries its output."""


@functools.cache
def require_tool(name: str, minimum: int) -> str:
    """The path of a program of at least the major version ``minimum``.

    Raises:
        MissingTool: it is not there, or older.
    """
    path = shutil.which(name)
    if path is None:
        raise MissingTool(f"{name} is not installed")
    answer = subprocess.run([path, "--version"], capture_output=True, encoding="utf-8", check=False)
    # "openjdk 21 2023-09-19", "v20.1.0", and Maven's among the escape sequences of its colours.
    version = re.search(r"(\d+)[.\s]", answer.stdout)
    if answer.returncode != 0 or version is None or int(version[1]) < minimum:
        raise MissingTool(f"{name} is older than {minimum}")
    return path


@dataclass(frozen=True)
class Build:
    """What a package manager makes of a folder's sources.

    Attributes:
        folder: where the command runs.
        sources: files, or folders of files, whose change asks for a new build; relative to ``folder``.
        output: the folder that the build fills, relative to ``folder`` and ignored by git.
        tool: the program, with its least major version.
        arguments: its arguments.
    """

    folder: Path
    sources: tuple[str, ...]
    output: str
    tool: tuple[str, int]
    arguments: tuple[str, ...]

    def ensure(self) -> Path:
        """Builds if no build of these sources is there; returns the output folder.

        Raises:
            MissingTool: a build is needed and the program for it is missing.
            BuildError: the build failed; it is not tried again in this process.
        """
        failure = _make(self)
        if failure is not None:
            raise failure
        return self.folder / self.output

    def make(self) -> None:
        """Builds unless the stamp that the last good build left is that of the present sources."""
        output = self.folder / self.output
        output.mkdir(exist_ok=True)
        with locked(output / ".lock"):
            stamp, digest = output / ".stamp", self._digest()
            if not stamp.exists() or stamp.read_text() != digest:
                self._run()
                stamp.write_text(digest)

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self._files()):
            digest.update(f"{path.relative_to(self.folder)}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    def _files(self) -> Iterator[Path]:
        for source in self.sources:
            path = self.folder / source
            yield from (found for found in path.rglob("*") if found.is_file()) if path.is_dir() else (path,)

    def _run(self) -> None:
        command = [require_tool(*self.tool), *self.arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != 0:
            raise BuildError(f"{' '.join(command)} in {self.folder}:\n{done.stdout}")


@functools.cache
def _make(build: Build) -> BuildError | None:
    try:
        build.make()
    except BuildError as error:
        return error
    return None
