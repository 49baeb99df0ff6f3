"""The page of the options of all extensions, made from their classes' signatures and docstrings.

``python -m tests.docs.options`` writes docs/options.md anew.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from griffe import Docstring, DocstringSectionKind, Parser

from pybayeux.extensions.options import Option, options_of
from tests.packaging.workspace import EXTENSIONS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.packaging.workspace import Member

__all__ = ("FILE", "extensions", "page")

FILE: Final = ROOT / "docs" / "options.md"

_FURTHER: Final = {"auth": ("pybayeux_auth.settings:FlowSettings", "pybayeux_auth:Auth")}
"""Classes whose docstrings describe the options of an extension too."""

_DESCRIBING: Final = (DocstringSectionKind.parameters, DocstringSectionKind.attributes)

_HEAD: Final = """\
# Options of extensions

Every option of the extensions of this project. This page is made from their classes;
`python -m tests.docs.options` writes it anew.

An option is set in one of these ways; an earlier one wins over a later one:

| where | how, with `store` of *replay* as the example |
|---|---|
| in code | `AsyncClient(url, options={"replay": {"store": "positions.db"}})` |
| on the command line | `pybayeux listen -x replay.store=positions.db ...`; with `:=` the value is JSON |
| in the environment | `PYBAYEUX_REPLAY_STORE=positions.db` |
| in `pybayeux.toml`, for the command line | `[replay]`, and below it `store = "positions.db"` |

An unknown option, or a value of the wrong type, is an `ExtensionOptionError` that names the extension, its package and
the option. An extension that lacks a required option is *not configured*, and does nothing.
`pybayeux extensions --why NAME` shows the values in use and where each comes from.
[Writing an extension](extensions.md#options) tells how options are read.
"""


def extensions() -> Iterator[tuple[Member, str, object]]:
    """Each extension of this project: its package, its name, and what its entry point names."""
    for member in EXTENSIONS:
        for name, value in sorted(member.project.get("entry-points", {}).get("pybayeux", {}).items()):
            yield member, name, _loaded(value)


def page() -> str:
    """The whole page."""
    with_options, without = [], []
    for member, name, target in extensions():
        if found := options_of(target):
            with_options.append(_section(member, name, target, found))
        else:
            without.append(f"- *{name}*, of [{member.name}](reference/{member.module}.md)")
    none = "## Extensions without options\n\n" + "\n".join(without) + "\n"
    return "\n".join([_HEAD, *with_options, none])


def _section(member: Member, name: str, target: object, options: tuple[Option, ...]) -> str:
    texts = _descriptions(name, target)
    rows = [_row(option, texts[option.name]) for option in options]
    head = f"## {name}\n\nOf [{member.name}](reference/{member.module}.md): {member.project['description']}.\n"
    return "\n".join([head, "| option | type | default | |", "|---|---|---|---|", *rows, ""])


def _row(option: Option, text: str) -> str:
    default = "required" if option.required else f"`{_default(option)}`"
    cells = f"`{option.name}`", f"`{_type(option.type)}`", default, text
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(annotation: str) -> str:
    return annotation.replace("typing.", "").replace("collections.abc.", "")


def _default(option: Option) -> str:
    return re.sub(r"<built-in function (\w+)>", r"\1()", str(option.default))


def _descriptions(name: str, target: object) -> dict[str, str]:
    """From each parameter to its description in the docstrings."""
    texts: dict[str, str] = {}
    for each in (*map(_loaded, _FURTHER.get(name, ())), target):
        docstring = Docstring(inspect.getdoc(each) or "")
        for section in docstring.parse(Parser.google, warn_missing_types=False):
            if section.kind in _DESCRIBING:
                texts |= {parameter.name: _markdown(parameter.description) for parameter in section.value}
    return texts


def _markdown(text: str) -> str:
    """A description as one line of Markdown."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))


def _loaded(value: str) -> object:
    module, _, attribute = value.partition(":")
    loaded = import_module(module)
    return attrgetter(attribute)(loaded) if attribute else loaded


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
