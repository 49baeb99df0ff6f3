"""What the pages say of the code, and of each other, is so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

import pybayeux
from pybayeux import errors
from pybayeux.extensions.catalogue import core_hooks
from tests.docs import extension_index, options
from tests.docs.console import as_run
from tests.docs.hooks import FILE, heading, page
from tests.docs.markdown import PAGES, ROOT, blocks
from tests.packaging.workspace import CORE, EXTENSIONS, MEMBERS, Member

if TYPE_CHECKING:
    from pathlib import Path

README: Final = ROOT / "README.md"
DOCS: Final = ROOT / "docs"

REFERENCE: Final = DOCS / "reference"

_SHOWN: Final = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\]\((?!https?:)(?P<path>[^)#]*)(?:#(?P<anchor>[^)]*))?\)")
_SITE_LINK: Final = re.compile(
    rf"\]\({CORE.project['urls']['Documentation']}/(?P<page>[^)#]*)/(?:#(?P<anchor>[^)]*))?\)"
)
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _anchors(path: Path) -> set[str]:
    """The anchors of the headings, as GitHub and MkDocs make them."""
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in _HEADING.findall(_text(path))
    }


@pytest.mark.parametrize(
    "path",
    [README, ROOT / "CONTRIBUTING.md", *PAGES, *REFERENCE.glob("*.md")],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_links_lead_somewhere(path: Path) -> None:
    for link in _LINK.finditer(_text(path)):
        target = (path.parent / link["path"]).resolve() if link["path"] else path
        assert target.exists(), link[0]
        assert not link["anchor"] or link["anchor"] in _anchors(target), link[0]


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_links_of_a_package_work_where_packages_are_shown(member: Member) -> None:
    """There is no repository around the README then: links are absolute, and the pages of the site exist."""
    readme = _text(member.folder / "README.md")
    assert [link[0] for link in _LINK.finditer(readme) if link["path"]] == []
    for link in _SITE_LINK.finditer(readme):
        target = DOCS / f"{link['page']}.md"
        assert target.exists(), link[0]
        assert not link["anchor"] or link["anchor"] in _anchors(target), link[0]


def test_readme_shows_the_examples_as_they_are() -> None:
    """They are run by `test_examples.py`, and the package by the packaging tests."""
    package = ["custom_extension/signature_extension.py", "custom_extension/pyproject.toml"]
    examples = [_text(ROOT / "examples" / name) for name in ("listen_async.py", "listen_sync.py", *package)]
    assert [block.source for block in blocks(README, "python", "toml")] == examples


def test_commands_print_what_the_page_shows() -> None:
    page = _text(DOCS / "command-line.md")
    assert as_run(page) == page, "python -m tests.docs.console docs/command-line.md writes it anew"


def test_every_hook_is_in_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)\(([\w, ]*)\)` \|", _text(DOCS / "extensions.md"), re.MULTILINE)
    assert {name: tuple(arguments.split(", ")) for name, arguments in rows} == {
        name: signature.arguments for name, signature in core_hooks().items()
    }


def test_every_error_is_in_the_tree() -> None:
    assert errors.__doc__ is not None
    start, end = errors.__doc__.index("BayeuxError\n"), errors.__doc__.index("\n\nNo error text")
    assert errors.__doc__[start:end] in _text(DOCS / "errors.md")


def test_every_page_is_in_the_menu() -> None:
    menu = re.findall(r"^ +- (?:[^:\n]+: )?([\w/-]+\.md)$", _text(ROOT / "mkdocs.yml"), re.MULTILINE)
    assert sorted(menu) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


_BASES_OF_THE_EMULATOR = ("incidents.Incidents", "publishing.Publisher", "setup.Setup")
"""Classes without a public name of their own, whose methods are public."""


_TRANSPORTS = ("callback_polling.CallbackPolling", "long_polling.LongPolling", "websocket.WebSocket")
"""Classes without a public name of their own, whose arguments are the options of `transport_options=`."""


def test_every_public_name_is_in_the_reference() -> None:
    shown = sorted(name for path in REFERENCE.glob("*.md") for name in _SHOWN.findall(_text(path)))
    core = [f"pybayeux.{name}" for name in pybayeux.__all__ if name not in ("BayeuxError", "__version__")]
    packages = [path.name for path in ROOT.glob("extensions/*/src/*")]
    parts = [f"pybayeux_salesforce_emulator.{name}" for name in _BASES_OF_THE_EMULATOR]
    parts += [f"pybayeux.transports.{name}" for name in _TRANSPORTS]
    assert shown == sorted([*core, "pybayeux.cli", "pybayeux.testing", "pybayeux_relay.testing", *parts, *packages])


def test_the_page_of_hooks_is_made_from_their_specifications() -> None:
    assert _text(FILE) == page(), "python -m tests.docs.hooks writes it anew"


@pytest.mark.parametrize("hook", core_hooks())
def test_every_hook_has_its_section_and_its_test(hook: str) -> None:
    assert f"## {heading(hook)}\n" in _text(FILE)
    assert f"def test_hook_{hook}(" in _text(ROOT / "core" / "tests" / "test_hooks.py")


def test_the_index_of_extensions_is_made_from_the_packages() -> None:
    rebuilt = "python -m tests.docs.extension_index writes it anew"
    assert _text(extension_index.INDEX) == extension_index.as_json(), rebuilt
    page = _text(extension_index.PAGE)
    assert extension_index.with_table(page) == page, rebuilt
    assert all(f"| [{member.name}](" in page for member in EXTENSIONS)


def test_the_page_of_options_is_made_from_the_classes() -> None:
    page = options.page()
    assert _text(options.FILE) == page, "python -m tests.docs.options writes it anew"
    assert all(name in page for _, name, _ in options.extensions())


def test_each_option_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", options.page(), re.MULTILINE)
    assert len(rows) > 50
    assert all(text.endswith(".") for _, text in rows), rows
