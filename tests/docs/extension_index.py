"""The index of known extensions, for people and for programs, made from the packages' own metadata.

``python -m tests.docs.extension_index`` writes docs/extensions-index.json and the table of docs/known-extensions.md.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from pybayeux.extensions.validation import implemented_hooks
from tests.packaging.workspace import EXTENSIONS, ROOT

if TYPE_CHECKING:
    from tests.packaging.workspace import Member

__all__ = ("INDEX", "PAGE", "as_json", "index", "with_table")

INDEX: Final = ROOT / "docs" / "extensions-index.json"
PAGE: Final = ROOT / "docs" / "known-extensions.md"

_BEGIN: Final = "<!-- The table is written by tests/docs/extension_index.py. -->\n"
_END: Final = "<!-- End of the table. -->\n"


def index() -> dict[str, Any]:
    """The whole index."""
    return {"format": 1, "packages": [_package(member) for member in EXTENSIONS]}


def as_json() -> str:
    """The text of the file."""
    return json.dumps(index(), indent=2) + "\n"


def with_table(page: str) -> str:
    """A page with the table as it has to be now."""
    table = "\n".join(
        ["| package | extension | commands | what it does |", "|---|---|---|---|", *map(_row, index()["packages"])]
    )
    return re.sub(f"{re.escape(_BEGIN)}.*{re.escape(_END)}", f"{_BEGIN}\n{table}\n\n{_END}", page, flags=re.DOTALL)


def _package(member: Member) -> dict[str, Any]:
    points = member.project.get("entry-points", {})
    found = sorted(points.get("pybayeux", {}).items())
    return {
        "package": member.name,
        "summary": member.project["description"],
        "license": member.project["license"],
        "extensions": [{"name": name, "hooks": _hooks(name, value)} for name, value in found],
        "commands": sorted(set(points.get("pybayeux.commands", {})) - {"none"}),
        "brings": sorted(points.get("pybayeux.hookspecs", {})),
        "page": f"reference/{member.module}.md",
    }


def _hooks(name: str, value: str) -> list[str]:
    module, _, attribute = value.partition(":")
    loaded = import_module(module)
    return list(implemented_hooks(attrgetter(attribute)(loaded) if attribute else loaded, name))


def _row(package: dict[str, Any]) -> str:
    names = ", ".join(f"*{each['name']}*" for each in package["extensions"])
    commands = ", ".join(f"`{each}`" for each in package["commands"])
    return f"| [{package['package']}]({package['page']}) | {names} | {commands} | {package['summary']} |"


def main() -> None:
    """Write both anew."""
    INDEX.write_text(as_json(), encoding="utf-8")
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
