from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.extensions.journals import Journal
from pybayeux import AsyncClient, BayeuxClient, Client, ExtensionStatus
from pybayeux.extensions.candidates import State
from pybayeux.extensions.status import summary
from pybayeux.testing import ScriptedServer

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages

MODULE = "@hookimpl\ndef incoming(message): ..."
FAILING = "class Failing:\n @hookimpl\n def registered(self): raise ValueError('not today')"


@pytest.fixture
def several(packages: Packages) -> Packages:
    """One that works, one that is disabled, one that lacks an option, one that fails."""
    packages.add("plain-dist", {"plain": "plain_module", "away": "plain_module"}, plain_module=MODULE)
    packages.add("broken", {"broken": "nowhere_to_be_found"})
    packages.signature()
    return packages


@pytest.mark.parametrize("kind", [AsyncClient, BayeuxClient, Client])
def test_every_client_says_which_extensions_act(several: Packages, kind: type[Any]) -> None:
    client = kind("http://localhost/", extensions=[Journal([], "mine")], disabled=["away"])
    active, mine, *others = client.extensions
    assert active == ExtensionStatus("plain", "plain-dist", "1.2", State.ACTIVE, "", 1)
    assert mine == ExtensionStatus("mine", None, None, State.ACTIVE, "", 2)
    assert [(each.name, each.state.value, each.order) for each in others] == [
        ("away", "disabled", None),
        ("broken", "broken", None),
        ("signature", "not configured", None),
    ]
    assert "cannot be loaded" in others[1].reason
    assert others[2].reason == "missing options: key"


def test_what_an_object_replaces_is_told(packages: Packages) -> None:
    packages.add("plain-dist", {"mine": "plain_module"}, plain_module=MODULE)
    client = AsyncClient("http://localhost/", extensions=[Journal([], "mine")])
    assert [(each.dist, each.state.value, each.reason) for each in client.extensions] == [
        (None, "active", ""),
        ("plain-dist", "disabled", "an object that was passed takes its place"),
    ]


def test_one_line_is_logged_at_the_start(several: Packages, caplog: pytest.LogCaptureFixture) -> None:
    several.add("failing", {"failing": "failing_module:Failing"}, failing_module=FAILING)
    caplog.set_level(logging.INFO, "pybayeux")

    async def scenario() -> AsyncClient:
        async with AsyncClient("http://localhost/", extensions=[ScriptedServer()], disabled=["away"]) as client:
            return client

    client = asyncio.run(scenario())
    [line] = [each for each in caplog.messages if each.startswith("extensions: ")]
    assert line == (
        "extensions: plain 1.2, scripted-server; not in use: away 1.2 (disabled), broken 1.2 (broken), "
        "signature 1.2 (not configured), failing 1.2 (broken)"
    )
    failing = client.extensions[-1]
    assert (failing.name, failing.order) == ("failing", None)
    assert "ValueError: not today" in failing.reason


def test_without_extensions_it_says_so() -> None:
    assert summary([]) == "none"
