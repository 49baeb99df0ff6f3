"""httpx without its command line, in processes of their own: here it is imported already."""

from __future__ import annotations

import subprocess
import sys

import pytest

CLIENT = "from pybayeux import AsyncClient; AsyncClient('http://localhost/', discover=False); import sys, httpx; "


def run(code: str) -> str:
    return subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, timeout=60).stdout


def test_a_client_imports_no_command_line() -> None:
    assert run(f"{CLIENT}print([each for each in ('rich', 'pygments', 'click') if each in sys.modules])") == "[]\n"


@pytest.mark.parametrize("before", ["", "import httpx; "])
def test_the_command_line_of_httpx_works_all_the_same(before: str) -> None:
    assert "--follow-redirects" in run(f"{before}{CLIENT}sys.argv = ['httpx', '--help']; httpx.main()")


@pytest.mark.parametrize("code", ["from httpx._main import main", "from httpx import _main; main = _main.main"])
def test_its_module_can_be_imported_later(code: str) -> None:
    assert run(f"{CLIENT}{code}; print(callable(main))") == "True\n"


def test_what_it_has_is_found() -> None:
    assert run(f"{CLIENT}from httpx._main import print_help; print(print_help.__name__)") == "print_help\n"
