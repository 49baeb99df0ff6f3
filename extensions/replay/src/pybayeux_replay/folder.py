"""The folder of a store's file, which people name and programs do not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("check_folder",)


def check_folder(folder: Path, scheme: str) -> None:
    """See whether the folder is there.

    Args:
        folder: The folder.
        scheme: That of the store's name, for the advice.

    Raises:
        FileNotFoundError: It is not.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no folder {str(folder)!r} to keep positions in (an absolute path has four slashes: {scheme}:////var/lib)"
        )
