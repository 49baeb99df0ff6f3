"""Opening a browser: whether there is one, and having it opened."""

from __future__ import annotations

import os
import sys
import webbrowser
from threading import Thread

__all__ = ("has_browser", "open_browser")


def has_browser() -> bool:
    """Whether a browser of this machine is one that the person sees.

    Without a display, Python would open a browser in the terminal. Over SSH the display is another machine's, and a
    browser there does not reach this one.
    """
    if os.environ.get("BROWSER"):
        return True
    if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_browser(url: str) -> None:
    """Open an address. It returns at once: some browsers run until they are closed."""
    Thread(target=webbrowser.open, args=(url,), daemon=True).start()
