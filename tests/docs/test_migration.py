"""The pages for those who come from another client: every name is there, and both programs do the same."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import inspect
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import aiocometd_ng
import aiocometd_ng.exceptions
import aiohttp
import aiosfstream_ng
import aiosfstream_ng.auth
import aiosfstream_ng.exceptions
import pytest

from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.docs.markdown import ROOT, blocks
from tests.docs.names import check_name
from tests.servers.fixtures import needs_tools
from tests.servers.node import node, package_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory

PEERS: Final = ("aiocometd", "aiosfstream", "cometd", "faye")
ADDRESS: Final = "http://127.0.0.1:8080/cometd"

_LANGUAGES: Final = ("py", "js", "python")
"""Of the program before, and of the one after: `py` is what the checkers of types need not understand."""
_CODE: Final = re.compile(r"`([^`]+)`")


def page(peer: str) -> Path:
    return ROOT / "docs" / f"from-{peer}.md"


@dataclass(frozen=True)
class Row:
    """One row of a page's tables of equivalents."""

    theirs: list[str]
    ours: list[str]


def rows(peer: str) -> Iterator[Row]:
    table = False
    for line in page(peer).read_text(encoding="utf-8").splitlines():
        cells = re.split(r" *\| *", line.strip("|"))
        if not line.startswith("|"):
            table = False
        elif not table:  # the heading, whose column of ours is looked up
            table, column = True, [cell.strip() for cell in cells].index("pybayeux")
        elif not line.startswith("|---"):
            yield Row(_CODE.findall(cells[0]), _CODE.findall(cells[column]))


# -- every name of theirs is there, every name of ours exists


def python_names(package: ModuleType, exceptions: ModuleType) -> set[str]:
    """What a Python package exports: classes, their parameters, their own methods and members; exceptions."""
    own = {name: each for name, each in vars(exceptions).items() if _is_class(each)}
    names = {name for name, each in own.items() if each.__module__ == exceptions.__name__}
    for name, each in vars(package).items():
        if not _is_class(each):
            continue
        names.add(name)
        names |= {f"{name}.{member}" for member in vars(each) if not member.startswith("_")}
        if not issubclass(each, enum.Enum):
            parameters = inspect.signature(each).parameters.values()
            names |= {f"{name}({one.name}=)" for one in parameters if one.kind is not one.VAR_KEYWORD}
    return names


def _is_class(thing: object) -> bool:
    return inspect.isclass(thing) and not thing.__name__.startswith("_")


_JAVASCRIPT: Final = {
    "cometd": """
        import { adapt } from 'cometd-nodejs-client'; import * as library from 'cometd'; adapt();
        const client = new library.CometD(); client.configure({ url: 'http://localhost/' });
        const exported = [...Object.keys(library), ...Object.keys(client.getConfiguration())];
    """,
    "faye": """
        import library from 'faye'; const client = new library.Client('http://localhost/');
        const exported = Object.keys(library);
    """,
}
_MEMBERS: Final = """
    const names = new Set(exported);
    for (let each = client; each !== Object.prototype; each = Object.getPrototypeOf(each))
        Object.getOwnPropertyNames(each).filter((name) => typeof each[name] !== 'object' || name === name.toUpperCase())
            .forEach((name) => names.add(name));
    console.log(JSON.stringify([...names].filter((name) => /^[a-zA-Z]/.test(name) && name !== 'constructor')));
    process.exit(0);
"""


def javascript_names(peer: str) -> set[str]:
    """What a JavaScript package exports, the methods of its client, and the names of its options."""
    return set(json.loads(run_javascript(_JAVASCRIPT[peer] + _MEMBERS)))


def run_javascript(source: str) -> str:
    """Run a module beside the installed packages; what it prints."""
    with needs_tools():
        command, _ = node("peer.js")
    arguments = [command, "--input-type=module", "-e", source]
    folder = package_folder(".").parent
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_name_of_aiocometd_is_on_its_page() -> None:
    named = [name for row in rows("aiocometd") for name in row.theirs]
    assert sorted(named) == sorted(python_names(aiocometd_ng, aiocometd_ng.exceptions))


def test_every_name_of_aiosfstream_is_on_its_page() -> None:
    named = [name for row in rows("aiosfstream") for name in row.theirs]
    assert sorted(named) == sorted(python_names(aiosfstream_ng, aiosfstream_ng.exceptions))


@pytest.mark.parametrize("peer", ["cometd", "faye"])
def test_every_name_of_a_javascript_client_is_on_its_page(peer: str) -> None:
    named = [name for row in rows(peer) for name in row.theirs]
    assert sorted(named) == sorted(javascript_names(peer))


@pytest.mark.parametrize("peer", PEERS)
def test_every_name_of_ours_exists(peer: str) -> None:
    names = {name for row in rows(peer) for name in row.ours}
    assert len(names) > 10
    for name in names:
        check_name(name)


# -- the program before prints what the program after prints, which `test_snippets.py` runs


def before(peer: str) -> tuple[str, str]:
    """The program for the other client, and what it prints."""
    first, *_ = blocks(page(peer), *_LANGUAGES)
    assert first.output
    return first.source, first.output


@pytest.mark.parametrize("peer", PEERS)
def test_both_programs_print_the_same(peer: str) -> None:
    shown = [block.output for block in blocks(page(peer), *_LANGUAGES)]
    assert shown[0] == shown[1] != ""


def _publish(server: BlockingServer) -> None:
    server.received("/meta/subscribe")
    for number in (1, 2, 3):
        server.publish("/orders", {"number": number})


def test_the_program_with_aiocometd(bayeux_server_factory: ServerFactory) -> None:
    server = bayeux_server_factory(replay=False)
    source, output = before("aiocometd")
    source = source.replace(ADDRESS, server.url.replace("127.0.0.1", "localhost"))  # its cookies need a name
    with _started([sys.executable, "-c", source]) as process:
        _publish(server)
        assert process.communicate(timeout=60)[0] == output


@pytest.mark.parametrize("peer", ["cometd", "faye"])
def test_the_program_in_javascript(peer: str, bayeux_server_factory: ServerFactory) -> None:
    with needs_tools():
        command, _ = node("peer.js")
    server = bayeux_server_factory(replay=False)
    source, output = before(peer)
    arguments = [command, "--input-type=module", "-e", source.replace(ADDRESS, server.url)]
    with _started(arguments, package_folder(".").parent) as process:
        _publish(server)
        assert process.communicate(timeout=60)[0] == output


@contextlib.contextmanager
def _started(command: list[str], folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_both_programs_on_an_org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(aiohttp.client, "CookieJar", partial(aiohttp.CookieJar, unsafe=True))
    programs = blocks(page("aiosfstream"), *_LANGUAGES)
    assert len(programs) == 2
    for block in programs:
        assert asyncio.run(_on_an_org(block.source, monkeypatch)) == block.output


async def _on_an_org(source: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a program beside an emulated org that publishes once it is subscribed to."""
    async with SalesforceEmulator(hostname="localhost", seed=1) as org:
        org.define("/event/Order__e")
        monkeypatch.setattr(aiosfstream_ng.auth.PasswordAuthenticator, "_token_url", org.credentials.token_url)
        program = asyncio.create_task(asyncio.to_thread(_printed, _with_login(source, org)))
        await org.recorder.received("/meta/subscribe", 1)
        for number in (1, 2, 3):
            await org.publish("/event/Order__e", {"Number__c": number})
        return await program


def _with_login(source: str, org: SalesforceEmulator) -> str:
    given = org.credentials
    for shown, real in {
        "3MVG9...": given.client_id,
        'secret="secret"': f'secret="{given.client_secret}"',
        "jane@example.com": given.username,
        'password="password"': f'password="{given.password}"',
        "PasswordFlow(": f'PasswordFlow(login_url="{org.url}", ',
        "salesforce://my-org": org.url,
    }.items():
        source = source.replace(shown, real)
    return source


def _printed(source: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(source, {"__name__": "program"})
    return output.getvalue()
