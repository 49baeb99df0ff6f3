"""Packages of third parties, built and installed: a bad one harms no client, and what is configured in vain is told."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from tests.packaging.uv import run_uv
from tests.packaging.workspace import MEMBERS
from tests.servers.build import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packaging.conftest import Built
    from tests.packaging.environment import Environment

PROJECT = """
[project]
name = "{name}"
version = "1.0"
dependencies = ["pybayeux"]

[project.entry-points.{group}]
{entry_points}

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""

SIGNATURE = """
    import click
    from pybayeux import hookimpl

    class Signature:
        def __init__(self, key: str) -> None:
            self._key = key

        @hookimpl
        def outgoing(self, message):
            if not message.is_meta:
                message.get_ext(create=True)["com.acme.sig"] = self._key

        @hookimpl
        def register_commands(self, cli):
            cli.add_command(click.Command("verify", callback=lambda: click.echo("verified")))
"""

SOCKET = """
    from pybayeux import hookimpl

    class Unix:
        def __init__(self, context, path: str) -> None: ...
        async def exchange(self, messages): ...
        async def close(self): ...

    class Transports:
        @hookimpl
        def register_transports(self, registry):
            registry.register("unix", Unix)
"""

ODD = """
    from pybayeux import hookimpl

    def no_hooks(): ...

    class Fails:
        def __init__(self) -> None:
            raise OSError("no such device")

        @hookimpl
        def outgoing(self, message): ...

    class SelfLess:
        @hookimpl
        def outgoing(message): ...

    class Twin:
        @hookimpl
        def incoming(self, message): ...
"""

PROGRAM = """
import json, logging, sys
from pybayeux import AsyncClient
from pybayeux.testing import ScriptedServer, run

logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)

async def main():
    server = ScriptedServer()
    async with AsyncClient("http://localhost/", extensions=[server]) as client:
        await client.publish("/orders", {"number": 1})
        states = {each.name: [each.state.value, each.reason] for each in client.extensions}
    print(json.dumps({"ext": server.messages("/orders")[0].ext, "states": states}))

run(main())
"""


def _built(folder: Path, name: str, group: str, source: str, **entry_points: str) -> Path:
    """The wheel of a package with one module."""
    module = name.replace("-", "_")
    package = folder / name
    (package / module).mkdir(parents=True)
    (package / module / "__init__.py").write_text(dedent(source))
    lines = "\n".join(f'"{each}" = "{module}:{target}"' for each, target in entry_points.items())
    (package / "pyproject.toml").write_text(PROJECT.format(name=name, group=group, entry_points=lines))
    run_uv("build", "--wheel", package, cwd=folder)
    [wheel] = (package / "dist").glob("*.whl")
    return wheel


@pytest.fixture
def installed(built: Built, own_environment: Environment, tmp_path: Path) -> Environment:
    """The core, and two good packages that need an option."""
    own_environment.install(
        built.wheel(next(each for each in MEMBERS if each.name == "pybayeux")),
        _built(tmp_path, "acme-hmac", "pybayeux", SIGNATURE, **{"acme-hmac": "Signature"}),
        _built(tmp_path, "acme-socket", "pybayeux", SOCKET, **{"acme-socket": "Transports"}),
    )
    return own_environment


def _with(source: str, variables: dict[str, str]) -> str:
    """A script that sets environment variables first: the environment's own programs see none of the tests'."""
    return f"import os\nos.environ.update({variables!r})\n{source}"


def _run(environment: Environment, **variables: str) -> tuple[list[str], dict[str, Any]]:
    """The warnings of the program, and what it says at its end."""
    *warnings, last = environment.run_script(_with(PROGRAM, variables)).splitlines()
    return warnings, json.loads(last)


def _command(environment: Environment, *arguments: str, **variables: str) -> str:
    """What the command line prints."""
    return environment.run_script(_with("from pybayeux.cli import main; main()", variables), *arguments)


def test_a_bad_package_harms_no_client_and_is_told(installed: Environment, tmp_path: Path) -> None:
    odd = {"no-hooks": "no_hooks", "fails": "Fails", "self-less": "SelfLess", "acme_socket": "Twin"}
    installed.install(
        _built(tmp_path, "odd", "pybayeux", ODD, **odd),
        _built(tmp_path, "lost", '"pybayeux.extensions"', ODD, lost="Twin"),
    )
    warnings, said = _run(installed)
    assert {name: state for name, (state, _) in said["states"].items()} == {
        "scripted-server": "active",
        "acme-socket": "active",
        "acme_socket": "broken",
        "acme-hmac": "not configured",
        "no-hooks": "broken",
        "fails": "broken",
        "self-less": "broken",
    }
    told = "\n".join(warnings)
    assert "its transport 'unix' is left out, for it needs the option 'path'" in told
    assert "odd 1.0 is left out: acme-socket 1.0 has the name 'acme-socket', which is the same, already" in told
    assert "extension 'no-hooks' of odd 1.0: it implements no hook" in told
    assert "extension 'fails' of odd 1.0 cannot be made: OSError: no such device" in told
    assert "a method needs 'self' as its first argument" in told
    assert "the group [pybayeux.extensions] are not read; did you mean [pybayeux]?" in told


def test_a_mistyped_name_is_told_and_the_right_one_works(installed: Environment) -> None:
    warnings, said = _run(installed, PYBAYEUX_ACME_HMAC_KYE="s3cret")
    assert said["ext"] is None
    hint = "did you mean PYBAYEUX_ACME_HMAC_KEY?"
    assert f"PYBAYEUX_ACME_HMAC_KYE is set in the environment, but is not used: {hint}" in warnings
    with pytest.raises(BuildError, match="extension 'acme-hmac' is not configured: missing options: key"):
        _command(installed, "verify")
    with pytest.raises(BuildError, match="there is no such extension; did you mean 'acme-hmac'"):
        _command(installed, "listen", "http://localhost:1/", "/x", "-x", "acme_hmac.key=s3cret")
    _, said = _run(installed, PYBAYEUX_ACME_HMAC_KEY="s3cret")
    assert (said["ext"], said["states"]["acme-hmac"]) == ({"com.acme.sig": "s3cret"}, ["active", ""])
    assert _command(installed, "verify", PYBAYEUX_ACME_HMAC_KEY="s3cret") == "verified\n"
    listed = _command(installed, "extensions", "acme-hmac", PYBAYEUX_ACME_HMAC_KEY="s3cret").splitlines()
    assert "  option key: str = *** (from PYBAYEUX_ACME_HMAC_KEY)" in listed
