"""The commands of a release: ``uv run just version NEW`` and ``uv run just release --dry-run``."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tests.packaging.release import publication, trial, versions
from tests.packaging.uv import run_uv
from tests.packaging.workspace import CORE, MEMBERS, ROOT
from tests.servers.build import BuildError, MissingTool

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("main",)

_VERSION: Final[str] = CORE.project["version"]


@click.group(no_args_is_help=True)
def main() -> None:
    """Release every distribution of the workspace under one version."""


@main.command()
@click.argument("new")
def version(new: str) -> None:
    """Give every distribution the version NEW, such as 0.2.0, and what they require of each other the same minor."""
    try:
        changed = versions.set_version(ROOT, new)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"{_VERSION} -> {new} in {len(changed)} files")


@main.command()
@click.option("--dry-run", is_flag=True, help="Stop before anything is published, tagged or written.")
def release(dry_run: bool) -> None:
    """Build, check, install and try every distribution; then publish them.

    Publishing needs the environment variable UV_PUBLISH_TOKEN, a clean checkout, and links that lead somewhere. It
    writes the changelog, commits and tags; `git push --follow-tags` is left to you.
    """
    with _step("changes since the last release"):
        notes = publication.changes(_VERSION)
    click.echo(notes)
    with tempfile.TemporaryDirectory(prefix="release-") as name:
        folder = Path(name)
        files = _built(folder)
        if dry_run:
            click.echo(f"Dry run: {len(files)} files of version {_VERSION} are ready, and none was published.")
            return
        with _step("checkout and links"):
            publication.check_ready()
        with _step(f"publish {len(files)} files"):
            publication.publish(files)
        with _step("changelog, commit and tag"):
            publication.record(_VERSION)


def _built(folder: Path) -> list[Path]:
    """The files of a release, after every check."""
    with _step(f"build {len(MEMBERS)} distributions"):
        run_uv("build", "--all-packages", "--out-dir", folder / "dist", cwd=ROOT)
    wheels, sdists = (sorted((folder / "dist").glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
    if not len(wheels) == len(sdists) == len(MEMBERS):
        raise click.ClickException(f"expected {len(MEMBERS)} of each; got {len(wheels)} wheels, {len(sdists)} sdists")
    with _step("check what package indexes refuse (twine)"):
        publication.check_files([*wheels, *sdists])
    for kind, files in (("wheels", wheels), ("sdists", sdists)):
        with _step(f"install from {kind} and run the demo"):
            trial.try_out(files, folder / kind, _VERSION)
    return [*wheels, *sdists]


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Say what is done, and end the program if it fails."""
    click.echo(f"{what} ...", err=True)
    try:
        yield
    except (BuildError, MissingTool, publication.NotReady) as error:
        click.echo(f"{what}: failed\n{error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m tests.packaging.release")
