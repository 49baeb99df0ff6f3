from __future__ import annotations

import subprocess
import sys


def test_importing_the_commands_and_the_plugin_imports_no_server() -> None:
    heavy = "assert not {'starlette', 'uvicorn'} & set(sys.modules), sorted(sys.modules)"
    modules = ("commands.demo", "commands.serve", "pytest_plugin")
    code = f"import sys, {', '.join(f'pybayeux_devserver.{each}' for each in modules)}; {heavy}"
    subprocess.run([sys.executable, "-c", code], check=True)
