"""The page of the hooks, made from the docstrings of their specifications.

``python -m tests.docs.hooks`` writes docs/hooks.md anew.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Final

from pybayeux.extensions.catalogue import shape_of
from pybayeux.extensions.pipeline import MIRRORED
from pybayeux.hookspecs import HOOK_API, HOOK_ARGUMENTS, SYNC_HOOKS, HookSpecs

__all__ = ("FILE", "heading", "page")

FILE: Final = Path(__file__).parents[2] / "docs" / "hooks.md"

_HEAD: Final = """\
# Hooks

What an extension may implement. This page is made from the specifications in `pybayeux.hookspecs`
(HOOK_API {number}); `python -m tests.docs.hooks` writes it anew. How to write an extension is in
[Writing an extension](extensions.md).

{rules}
"""


def heading(hook: str) -> str:
    """The heading of a hook: its name with its arguments."""
    return f"{hook}({', '.join(HOOK_ARGUMENTS[hook])})"


def page() -> str:
    """The whole page."""
    module = inspect.getdoc(inspect.getmodule(HookSpecs)) or ""
    rules = _markdown(module[module.index("Rules for all hooks") :])
    sections = [_section(hook) for hook in HOOK_ARGUMENTS]
    return "\n".join([_HEAD.format(number=HOOK_API, rules=rules), *sections])


def _section(hook: str) -> str:
    text = inspect.getdoc(getattr(HookSpecs, hook))
    assert text, hook
    waits = "plain functions alone" if hook in SYNC_HOOKS else "plain and `async def`"
    facts = f"| sync, async | order | result |\n|---|---|---|\n| {waits} | {_order(hook)} | {_result(hook)} |"
    return f"## {heading(hook)}\n\n{_markdown(text)}\n\n{facts}\n"


def _order(hook: str) -> str:
    if hook in ("registered", "unregistered"):
        return "of the extension concerned alone"
    return "first registered first" if hook in MIRRORED else "last registered first"


def _result(hook: str) -> str:
    shape = shape_of(hook)
    assert shape is not None
    return ", ".join(["None", *(f"`{kind.__name__}`" for kind in shape.results)])


def _markdown(text: str) -> str:
    """The docstring's own mark-up as Markdown."""
    return re.sub(r"``(.+?)``", r"`\1`", text)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
