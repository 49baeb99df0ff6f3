"""The pictures of the documentation are those of real runs, which can be made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

import pytest

from benchmarks import flame
from tests.docs.markdown import ROOT
from tests.docs.pictures import FOLDER, PICTURES, page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.browser import Browser

WORDS: Final = {
    "demo": ("the server drops the session", "the listener is killed", "0 lost", "every order is handled"),
    "watch": ("connected", "reconnects 1", "/orders/new", "/stock", "replay 0.", "Last events", "What happened"),
}
"""What each picture shows, however fast the machine is."""
SHOWN_ON: Final = {"demo": ROOT / "README.md", "watch": ROOT / "docs" / "command-line.md"}


def texts(svg: str) -> str:
    """The texts of a picture, one line for each of its lines."""
    lines: dict[str, list[str]] = {}
    for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):  # noqa: S314
        lines.setdefault(element.get("y", ""), []).append(element.text or "")
    return "\n".join("".join(parts) for parts in lines.values()).replace("\xa0", " ")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_can_be_made_again(name: str, tmp_path: Path) -> None:
    shown = texts(PICTURES[name](tmp_path))
    assert all(words in shown for words in WORDS[name]), shown


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_shown_and_loads_nothing(name: str) -> None:
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    shown = texts(svg)
    assert all(words in shown for words in WORDS[name]), "python -m tests.docs.pictures writes them anew"
    assert "url(http" not in svg
    assert f"images/{name}.svg)" in SHOWN_ON[name].read_text(encoding="utf-8")


def test_the_picture_of_the_page(browser: Browser) -> None:
    made, kept = page(browser), (FOLDER / "page.webp").read_bytes()
    for picture in (made, kept):
        assert (picture[:4], picture[8:12]) == (b"RIFF", b"WEBP")
        assert 20_000 < len(picture) < 150_000, "there is something to see, and it is small"
    assert "images/page.webp)" in (ROOT / "docs" / "development-server.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", flame.PICTURES)
def test_a_flame_graph_is_shown(name: str) -> None:
    assert "pybayeux" in (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert f"images/{name}.svg)" in (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")


def test_every_picture_has_its_maker() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.svg")) == sorted([*PICTURES, *flame.PICTURES])
