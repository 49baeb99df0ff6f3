from __future__ import annotations

import ast
from pathlib import Path

from extensions.salesforce.tests.requirements import REQUIREMENTS

_HERE = Path(__file__).parent


def _tests() -> set[str]:
    """Return every test of this folder as ``file::function``."""
    return {
        f"{path.stem}::{node.name}"
        for path in _HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_requirement_has_tests() -> None:
    assert list(REQUIREMENTS) == list(range(1, 17))
    assert [
        number for number, requirement in REQUIREMENTS.items() if not requirement.text or not requirement.tests
    ] == []


def test_the_tests_of_every_requirement_exist() -> None:
    known = _tests()
    assert [name for requirement in REQUIREMENTS.values() for name in requirement.tests if name not in known] == []
