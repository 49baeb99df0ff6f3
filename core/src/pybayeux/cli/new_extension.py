"""`pybayeux new-extension`: a package to start from, which can be built, tested and installed at once."""

from __future__ import annotations

import json
import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..errors import UsageError
from ..extensions.discovery import find
from .package_names import PackageNames, normalised
from .scaffold import HOOKS, render, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ("new_extension",)

_logger: Final = logging.getLogger("pybayeux.cli")

_NEXT: Final = ("pip install -e '.[test]'", "pytest", "pybayeux extensions")
_COMMANDS: Final = 3

_EPILOG: Final = """
\b
Examples:
  pybayeux new-extension acme-tenant
      Create the package acme-tenant in a folder of that name: it adds a value to the ext of each publish.
  pybayeux new-extension pybayeux-tenant
      Create an extension that is called "tenant".
  pybayeux new-extension acme-token --hook request
      Create one that adds a header to every HTTP request, such as a token.
  pybayeux new-extension acme-tenant --dir ~/src/tenant
      Use another folder; it must be empty or not exist.
  pybayeux new-extension acme-tenant --json | jq -r '.files[]'
      List what was created, for a script.
\b
What is created:
  pyproject.toml               The dependencies, and the entry point by which every client finds the extension.
  src/<module>/__init__.py     The extension: one class, one option, one hook.
  tests/test_<module>.py       A test of it, which passes.
  .github/workflows/test.yml   Runs the test on GitHub, with Python 3.11 to 3.13.
\b
Exit codes:
  0    Done.
  1    A file could not be written.
  2    Wrong usage: a name that cannot be used, or a folder that is not empty.
"""


def _names(_context: click.Context, _argument: click.Parameter, name: str) -> PackageNames:
    try:
        return PackageNames.of(name)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


@click.command("new-extension", epilog=_EPILOG, short_help="Create a package with an extension of your own.")
@click.argument("names", metavar="NAME", callback=_names)
@click.option(
    "--hook",
    type=click.Choice(HOOKS),
    default=HOOKS[0],
    show_default=True,
    help="The hook that the extension implements.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where to create it: a new folder, or an empty one.  [default: ./NAME]",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def new_extension(names: PackageNames, hook: str, folder: Path | None, as_json: bool) -> None:
    """Create a complete package with an extension of your own: typed, tested, and ready to install.

    NAME is the name of the package, such as acme-tenant. The extension has the same name, without a leading
    "pybayeux-".
    """
    folder = folder or Path(names.distribution)
    files = render(names, hook)
    write(files, folder)
    for warning in _warnings(names):
        _logger.warning("%s", warning)
    following = [*_entering(folder), *_NEXT][:_COMMANDS]
    if as_json:
        dist = names.distribution
        made = {"name": names.extension, "dist": dist, "folder": str(folder), "files": [*files], "next": following}
        click.echo(json.dumps(made))
        return
    click.echo(f"Created the extension {names.extension!r} in {folder}:")
    _echo_indented(files)
    click.echo("\nNext:")
    _echo_indented(following)


def _warnings(names: PackageNames) -> Iterator[str]:
    for installed in find():
        package = f"{installed.dist} {installed.version}"
        if normalised(installed.dist) == names.distribution:
            yield f"{package} is installed here: installing the new package replaces it"
        elif installed.name == names.extension:
            yield (
                f"{package} already has an extension {installed.name!r}: if both are installed, one is left out; "
                "choose another name, or change the name of the entry point in pyproject.toml"
            )


def _entering(folder: Path) -> Iterator[str]:
    if folder.resolve() != Path.cwd():
        yield f"cd {shlex.quote(str(folder))}"


def _echo_indented(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(f"  {line}")
