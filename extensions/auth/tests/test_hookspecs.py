from __future__ import annotations

import inspect
from importlib.metadata import entry_points

from pybayeux_auth.hookspecs import AuthHooks


def test_hooks_and_their_arguments() -> None:
    hooks = {name: each for name, each in vars(AuthHooks).items() if not name.startswith("_")}
    arguments = {name: list(inspect.signature(each).parameters)[1:] for name, each in hooks.items()}
    assert arguments == {
        "authenticated": ["grant", "client"],
        "log_in": [],
        "try_token": ["grant"],
        "log_in_again": ["reason", "client"],
    }
    waiting = [name for name, each in hooks.items() if inspect.iscoroutinefunction(each)]
    assert waiting == ["authenticated", "log_in", "try_token"]
    assert AuthHooks.log_in.pybayeux_spec["firstresult"]  # type: ignore[attr-defined]


def test_the_entry_point_of_the_hooks() -> None:
    [found] = [each for each in entry_points(group="pybayeux.hookspecs") if each.name == "auth"]
    assert found.load() is AuthHooks
