from __future__ import annotations

import subprocess
import sys


def test_importing_the_commands_and_the_plugin_imports_no_server() -> None:
    """Recording needs none, and pytest imports the plugin in every run."""
    heavy = "assert not {'starlette', 'uvicorn', 'httpx'} & set(sys.modules), sorted(sys.modules)"
    modules = ("record_command", "play_command", "pytest_plugin")
    code = f"import sys, {', '.join(f'pybayeux_cassette.{each}' for each in modules)}; {heavy}"
    subprocess.run([sys.executable, "-c", code], check=True)
