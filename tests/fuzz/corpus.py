"""The kept inputs: a folder for each target. Inputs that found a defect stay here with a name that says which."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ("FOLDER", "folder_of", "inputs_of")

FOLDER: Final = Path(__file__).parent / "corpus"


def folder_of(target: str) -> Path:
    """Where the inputs of a target are kept."""
    return FOLDER / target


def inputs_of(target: str) -> dict[str, bytes]:
    """The kept inputs of a target, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder_of(target).iterdir())}
