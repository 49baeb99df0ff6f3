"""Helper: the pictures of the documentation, made of real runs.

    python -m tests.docs.pictures

writes them anew into ``docs/images``. Those of a terminal are SVG as rich exports it, without the fonts that it would
load from elsewhere; that of the development server's page is a screenshot.
"""

from __future__ import annotations

import asyncio
import io
import re
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from pybayeux import Client
from pybayeux_devserver import DevServer
from pybayeux_devserver.demo.run import Settings, run
from tests.docs.markdown import ROOT
from tests.servers.browser import Browser, start_browser
from tests.support.terminal import MAIN_SCREEN, in_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("FOLDER", "PICTURES", "demo", "main", "page", "watch")

FOLDER: Final = ROOT / "docs" / "images"

_WIDTH: Final = 100
_WIDTH_OF_FAILURES: Final = 132
"""Of the demo, which does not break lines where it is no terminal."""
_FONT: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def watch(folder: Path) -> str:
    """`pybayeux watch` in a terminal: three channels, and a session that is lost on the way."""
    with DevServer(seed=1) as server:
        command = ("watch", server.url, "/orders/**", "/stock", "--interval", "0.1", "-p", "no:aiohttp")
        with in_terminal(*command, folder=folder, columns=_WIDTH, lines=40) as terminal:
            server.received("/meta/subscribe", 2, timeout=30)
            for number in range(8):
                server.publish("/orders/new", {"number": number, "item": "tea"})
            terminal.until("events 8 ")
            server.faults.drop_sessions()
            terminal.until("reconnects 1")
            server.publish("/orders/paid", {"number": 3})
            server.publish("/stock", {"item": "tea", "left": 12})
            terminal.until("events 10 ")
            terminal.process.send_signal(signal.SIGINT)
            _, kept = terminal.rest().split(MAIN_SCREEN)
    console = _console(_WIDTH)
    console.print(Text.from_ansi(kept.replace("\r\n", "\n").rstrip()), soft_wrap=True)
    return _svg(console, f"pybayeux watch {server.url} '/orders/**' /stock", "watch")


def demo(folder: Path) -> str:
    """`pybayeux demo`: every fault, and the counts at the end."""
    console = _console(_WIDTH_OF_FAILURES)
    tally = asyncio.run(run(Settings(seconds=5, rate=50, seed=0, folder=folder), console))
    assert tally.is_good
    return _svg(console, "pybayeux demo", "demo")


PICTURES: Final[dict[str, Callable[[Path], str]]] = {"demo": demo, "watch": watch}
"""What makes each picture of a terminal, by its name; it is given an empty folder."""


def page(browser: Browser) -> bytes:
    """The development server's page: two clients, a few events, and a fault that one of them met."""
    with (
        DevServer(seed=1) as server,
        Client(server.url, discover=False) as shop,
        Client(server.url, discover=False, transports=["long-polling"]) as till,
        shop.subscribe("/orders/**") as orders,
        till.subscribe("/orders/paid") as paid,
    ):
        browser.open(server.page_url or "")
        browser.wait("return document.getElementById('state').textContent == 'live'")
        shop.publish("/orders/new", {"number": 1, "item": "tea"})
        server.faults.delay_replies(seconds=0, channel="/orders/paid")
        till.publish("/orders/paid", {"number": 1})
        assert [next(iter(orders)).channel for _ in range(2)] == ["/orders/new", "/orders/paid"]
        assert next(iter(paid)).data["number"] == 1
        browser.wait("return document.querySelectorAll('#sessions tbody tr').length == 2")
        browser.wait("return document.getElementById('log').innerText.includes('fault: delayed')")
        return browser.screenshot(1280, 800)


def _console(width: int) -> Console:
    return Console(file=io.StringIO(), record=True, width=width)


def _svg(console: Console, title: str, name: str) -> str:
    return _FONT.sub("", console.export_svg(title=title, unique_id=name)) + "\n"


def main() -> None:
    """Write all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in PICTURES.items():
        with TemporaryDirectory() as folder:
            (FOLDER / f"{name}.svg").write_text(make(Path(folder)), encoding="utf-8")
    with start_browser() as browser:
        (FOLDER / "page.webp").write_bytes(page(browser))


if __name__ == "__main__":
    main()
