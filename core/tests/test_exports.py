"""The public surface, and what importing it costs."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

import pybayeux
from pybayeux import AsyncClient, BayeuxClient, Client, requests

NAMES = {
    "Advice", "AsyncClient", "BayeuxClient", "BayeuxError", "Channel", "ChannelType", "Client", "ConnectionEvent",
    "ConnectionState", "ConnectionStateMachine", "ConnectionType", "Drop", "Message", "MessageError", "decode",
    "encode", "hookimpl", "requests",
}  # fmt: skip
FOR_AUTHORS = {
    "DONE", "Completion", "Dial", "HookCaller", "HookClient", "Listener", "Redelivery", "Registration", "Socket",
    "SocketReceiver", "Subscription", "Transport", "TransportContext", "TransportRegistry", "UpgradeAnswer",
    "hookspec", "installed_extension", "installed_hook", "seconds_to_wait",
}  # fmt: skip


def test_what_users_and_authors_import_is_there() -> None:
    assert set(pybayeux.__all__) >= NAMES | FOR_AUTHORS
    assert list(pybayeux.__all__) == sorted(pybayeux.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(pybayeux, name) for name in pybayeux.__all__)


def test_what_exists_twice_is_named_async_and_sync() -> None:
    twice = {name.removeprefix("Async") for name in pybayeux.__all__ if name.startswith("Async")}
    assert twice == {name.removeprefix("Sync") for name in pybayeux.__all__ if name.startswith("Sync")}
    assert (pybayeux.SyncClient, pybayeux.AsyncSubscription) == (pybayeux.Client, pybayeux.Subscription)


def test_version_is_that_of_the_distribution() -> None:
    assert pybayeux.__version__ == version("pybayeux")


def test_what_is_public_comes_from_this_package() -> None:
    for name in pybayeux.__all__:
        value = getattr(pybayeux, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__module__.startswith("pybayeux."), name


@pytest.mark.parametrize("name", sorted(requests.__all__))
def test_every_builder_is_public(name: str) -> None:
    assert callable(getattr(requests, name))


def public(kind: type) -> set[str]:
    """The public members of a class."""
    return {name for name in dir(kind) if not name.startswith("_")}


def test_both_clients_have_the_same_methods() -> None:
    # Batches are for transactions, which the synchronous client does not have.
    assert public(AsyncClient) - {"batches"} == public(Client)
    words = "start close subscribe unsubscribe publish batch call listen use remove state client_id wait_for"
    assert {*words.split(), "resubscribe", "rehandshake", "url"} <= public(Client)
    for name in public(Client):
        theirs, ours = getattr(Client, name), getattr(AsyncClient, name)
        if callable(theirs):
            assert list(inspect.signature(theirs).parameters) == list(inspect.signature(ours).parameters), name


@pytest.mark.parametrize("kind", [AsyncClient, BayeuxClient])
def test_the_arguments_that_users_rely_on(kind: type) -> None:
    common = {"url", "extensions", "options", "discover", "transports", "http", "auth", "headers", "logger"}
    rest = (
        {"queue_size", "backoff", "max_network_delay", "ignore_error"} if kind is AsyncClient else {"max_network_delay"}
    )
    assert common | rest <= set(inspect.signature(kind).parameters)


PROBE = """
import importlib.metadata, json, sys
asked = []
for module in (importlib.metadata, __import__("importlib_metadata")):
    for name in ("entry_points", "distributions"):
        setattr(module, name, lambda *args, name=name, **kwargs: asked.append(name) or ())
import pybayeux
print(json.dumps({"asked": asked, "modules": sorted(name for name in sys.modules if name.startswith("pybayeux_"))}))
"""


def test_importing_it_imports_no_extension_and_looks_for_none() -> None:
    found = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(found.stdout) == {"asked": [], "modules": []}


def test_each_name_is_imported_when_it_is_used() -> None:
    code = "import sys, pybayeux; before = 'pybayeux.client' in sys.modules; pybayeux.AsyncClient; print(before)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout == "False\n"
    with pytest.raises(AttributeError, match="no attribute 'AsyncCliant'"):
        _ = pybayeux.AsyncCliant  # type: ignore[attr-defined]


def test_what_checkers_see_is_what_is_imported() -> None:
    [checked] = [
        each for each in ast.parse(inspect.getsource(pybayeux)).body if isinstance(each, ast.If) and len(each.body) > 1
    ]
    imported = [each for each in checked.body if isinstance(each, ast.ImportFrom)]
    seen = {alias.asname or alias.name: each.module for each in imported for alias in each.names}
    assert set(seen) == {*pybayeux.__all__} - {"__version__"}
    for name, module in seen.items():
        if module is not None:
            home = import_module(f"pybayeux.{module}")
            original = next(a.name for each in imported for a in each.names if (a.asname or a.name) == name)
            assert getattr(home, original) is getattr(pybayeux, name), name
