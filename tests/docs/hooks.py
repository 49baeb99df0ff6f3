"""The page of the hooks, made from the docstrings of their specifications.

``python -m tests.docs.hooks`` writes docs/hooks.md anew.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Final

from pybayeux.extensions.catalogue import HookSignature, core_hooks
from pybayeux.hookspecs import HOOK_API, HookSpecs

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
    return f"{hook}({', '.join(core_hooks()[hook].arguments)})"


def page() -> str:
    """The whole page."""
    module = inspect.getdoc(inspect.getmodule(HookSpecs)) or ""
    rules = _markdown(module[module.index("Rules for all hooks") :])
    sections = [_section(hook, signature) for hook, signature in core_hooks().items()]
    return "\n".join([_HEAD.format(number=HOOK_API, rules=rules), *sections])


def _section(hook: str, signature: HookSignature) -> str:
    text = inspect.getdoc(getattr(HookSpecs, hook))
    assert text, hook
    facts = " | ".join((_kind(signature), _order(signature), _result(signature), _error(signature)))
    table = f"| implemented by | order | result | an exception |\n|---|---|---|---|\n| {facts} |"
    return f"## {heading(hook)}\n\n{_markdown(text)}\n\n{table}\n"


def _kind(signature: HookSignature) -> str:
    return "`def` or `async def`" if signature.waits else "`def` alone"


def _order(signature: HookSignature) -> str:
    if signature.rule.called_on == "one":
        return "the extension concerned alone"
    return "first registered first" if signature.rule.mirrored else "last registered first"


def _result(signature: HookSignature) -> str:
    return ", ".join(["None", *(f"`{kind.__name__}`" for kind in signature.results)])


def _error(signature: HookSignature) -> str:
    ends = {"raise": "ends the call", "report": "is reported", "log": "is logged"}
    return ends[signature.rule.on_error]


def _markdown(text: str) -> str:
    """The docstring's own mark-up as Markdown."""
    return re.sub(r"``(.+?)``", r"`\1`", text)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
