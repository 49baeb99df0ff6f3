"""The publication of a release: what has to be true before it, the upload, and what is kept of it in the repository."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx

from tests.packaging.uv import run, run_uv
from tests.packaging.workspace import CORE, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ("NotReady", "changes", "check_files", "check_ready", "publish", "record")


class NotReady(Exception):
    """Something has to be done first."""


def changes(version: str, root: Path = ROOT) -> str:
    """What the changelog will say of this version.

    Raises:
        NotReady: Nothing has changed.
    """
    text = run(sys.executable, "-m", "towncrier", "build", "--draft", "--version", version, cwd=root).strip()
    if "No significant changes" in text:
        raise NotReady("changes/ has no file: there is nothing to release")
    return text


def check_files(files: Sequence[Path]) -> None:
    """Check the metadata and the descriptions as a package index does.

    Raises:
        BuildError: One of them would be refused.
    """
    run(sys.executable, "-m", "twine", "check", "--strict", *files, cwd=ROOT)


def check_ready() -> None:
    """Check that the checkout has no change of its own, and that the links of the metadata lead somewhere.

    Raises:
        NotReady: It has, or they do not.
    """
    if changed := _git("status", "--porcelain"):
        raise NotReady(f"commit or discard first:\n{changed}")
    for name, url in CORE.project["urls"].items():
        try:
            httpx.head(url, follow_redirects=True).raise_for_status()
        except httpx.HTTPError as error:
            raise NotReady(f"the link {name} of the metadata does not work: {url}: {error}") from error


def publish(files: Sequence[Path]) -> None:
    """Upload the files. Those that the index has already are left as they are, so a second try goes on.

    Raises:
        BuildError: The upload failed.
    """
    run_uv("publish", *files, cwd=ROOT)


def record(version: str) -> None:
    """Write the changelog, commit it, and tag the commit."""
    run(sys.executable, "-m", "towncrier", "build", "--yes", "--version", version, cwd=ROOT)
    _git("commit", "--all", "--message", f"release: write the changelog of {version}")
    _git("tag", "--annotate", f"v{version}", "--message", f"pybayeux {version}")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
