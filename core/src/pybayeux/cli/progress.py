"""The progress of long work: a line on standard error that is written over, on a terminal alone.

Owns the line. What is logged meanwhile takes its place, and the next step writes it anew.
"""

from __future__ import annotations

import sys

import click

__all__ = ("clear_progress", "show_progress")

_CLEAR = "\r\x1b[K"
_state = {"shown": False}


def show_progress(text: str) -> None:
    """Show how far the work is, in place of what was shown before."""
    if sys.stderr.isatty():
        _state["shown"] = True
        click.echo(f"{_CLEAR}{text}", err=True, nl=False)


def clear_progress() -> None:
    """Take the line away: the work is done, or something else is to be written."""
    if _state["shown"]:
        _state["shown"] = False
        click.echo(_CLEAR, err=True, nl=False)
