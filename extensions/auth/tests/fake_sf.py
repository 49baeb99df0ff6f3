"""A fake Salesforce CLI: a program that prints what a test sets, and records its calls."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from extensions.auth.tests.login_server import ORG
from pybayeux_auth import Grant, SfCliFlow

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("FakeCli",)

PROGRAM = """#!{python}
import json, os, pathlib, sys, time
folder = pathlib.Path({folder!r})
with (folder / "calls").open("a") as calls:
    print(json.dumps([sys.argv[1:], os.environ.get("NO_COLOR"), sys.stdin.read()]), file=calls)
name = "-".join(word for word in sys.argv[1:4] if word != "--json")
answer = json.loads((folder / f"{{name}}.json").read_text())
time.sleep(answer.get("seconds", 0))
sys.stderr.write("Warning: an update is available\\n")
sys.stdout.write(answer["output"])
sys.exit(answer.get("code", 0))
"""


class FakeCli:
    """The fake program ``sf`` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "sf"
        self.path.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        self.path.chmod(0o755)

    def prints(self, command: str, output: Any, code: int = 0, seconds: float = 0) -> None:
        text = output if isinstance(output, str) else json.dumps(output)
        answer = {"output": text, "code": code, "seconds": seconds}
        (self._folder / f"{command}.json").write_text(json.dumps(answer))

    def displays(self, token: object = f"{ORG}!token", **members: Any) -> None:
        result = {"id": ORG, "accessToken": token, "instanceUrl": "https://my-org.my.salesforce.com"}
        result |= {"username": "me@example.com", "connectedStatus": "Connected"}
        self.prints("org-display", {"status": 0, "result": result | members, "warnings": []})

    @property
    def calls(self) -> list[list[Any]]:
        return [json.loads(line) for line in (self._folder / "calls").read_text().splitlines()]

    def log_in(self, **options: Any) -> Grant:
        return asyncio.run(SfCliFlow("my-org", command=str(self.path), **options)())
