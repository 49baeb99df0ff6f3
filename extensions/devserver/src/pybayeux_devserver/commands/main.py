"""`pybayeux-devserver`: what is for those who develop, beside the sub-commands of `pybayeux`."""

from __future__ import annotations

import click

from .soak import soak

__all__ = ("main",)


@click.group()
@click.version_option(package_name="pybayeux-devserver")
def main() -> None:
    """Long proofs of pybayeux against its emulated servers."""


main.add_command(soak)
