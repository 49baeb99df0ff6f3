from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from pybayeux.errors import ExtensionOptionError, UsageError
from pybayeux.extensions.commands import (
    commands_left_out,
    installed_extension,
    installed_hook,
    register_commands,
)

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages
    from pybayeux.errors import ExtensionHookError

SERVE = """
    import click

    @hookimpl
    def register_commands(cli):
        cli.add_command(click.Command("serve"))
"""
STORE = """
    import click

    class Store:
        def __init__(self, path: str) -> None:
            self.path = path

        @hookimpl
        def register_commands(self, cli):
            cli.add_command(click.Command(self.path))

    class Bystander:
        def __init__(self):
            raise AssertionError("has no commands, so is not made")

        @hookimpl
        def incoming(self): ...
"""


def commands(*, options: dict[str, dict[str, str]] | None = None, disabled: tuple[str, ...] = ()) -> set[str]:
    cli = click.Group()
    register_commands(cli, options=options, disabled=disabled)
    return set(cli.commands)


def test_modules_and_configured_classes_add_their_commands(packages: Packages) -> None:
    packages.add("serve", {"serve": "serve_module"}, serve_module=SERVE)
    packages.add("store", {"store": "store_module:Store", "other": "store_module:Bystander"}, store_module=STORE)
    assert commands() == {"serve"}
    assert commands(options={"store": {"path": "p"}}) == {"serve", "p"}
    assert commands(disabled=("serve",)) == set()


def test_broken_ones_do_not_stop_the_command(packages: Packages, caplog: pytest.LogCaptureFixture) -> None:
    packages.add("serve", {"serve": "serve_module"}, serve_module=SERVE)
    source = "class Bad:\n def __init__(self): 1 / 0\n @hookimpl\n def register_commands(self, cli): ..."
    packages.add("bad", {"bad": "bad_module:Bad"}, bad_module=source)
    assert commands() == {"serve"}
    assert "extension 'bad' of bad 1.2 cannot be made" in caplog.text


def test_failing_hook_is_reported(packages: Packages) -> None:
    packages.add("serve", {"serve": "serve_module"}, serve_module=SERVE)
    source = "@hookimpl\ndef register_commands(cli): 1 / 0"
    packages.add("worse", {"worse": "worse_module"}, worse_module=source)
    errors: list[ExtensionHookError] = []
    cli = click.Group()
    register_commands(cli, on_error=errors.append)
    assert set(cli.commands) == {"serve"}
    assert [(error.extension, error.hook) for error in errors] == [("worse", "register_commands")]


def test_a_wrong_option_of_an_extension_with_the_hook_is_an_error(packages: Packages) -> None:
    source = """
    class Bad:
        def __init__(self, size: int = 1) -> None: ...

        @hookimpl
        def resolve_url(self, url): ...

        @hookimpl
        def register_commands(self, cli): ...
    """
    packages.add("bad", {"bad": "bad_module:Bad"}, bad_module=source)
    options = {"bad": {"size": "x"}}
    with pytest.raises(ExtensionOptionError, match="option 'size' is wrong"):
        installed_hook("resolve_url", options=options)
    assert commands(options=options) == set(), "a wrong option takes no other command away"


def test_what_may_have_commands_and_is_not_active_is_named_with_the_reason(packages: Packages) -> None:
    packages.add("store", {"store": "store_module:Store", "other": "store_module:Bystander"}, store_module=STORE)
    packages.add("gone", {"gone": "no_such_module"})
    packages.add("silent", {"silent": "no_such_module"}, commands={"none": "pybayeux"})
    gone, store = commands_left_out({})
    assert store == "extension 'store' is not configured: missing options: path"
    assert gone.startswith("extension 'gone' is broken: extension 'gone' of gone 1.2 cannot be loaded")
    [gone] = commands_left_out({"store": {"path": "p"}})


def test_a_command_gets_the_extension_of_its_package_with_its_options(packages: Packages) -> None:
    packages.add("store", {"store": "store_module:Store"}, store_module=STORE)
    assert installed_extension("store", options={"store": {"path": "p"}}).path == "p"
    with pytest.raises(UsageError, match="extension 'store' is not configured: missing options: path"):
        installed_extension("store")
    with pytest.raises(UsageError, match="extension 'store' is disabled"):
        installed_extension("store", options={"store": {"path": "p"}}, disabled=["store"])
    with pytest.raises(UsageError, match="extension 'stores' is not installed"):
        installed_extension("stores")
    with pytest.raises(ExtensionOptionError, match="'pathh'"):
        installed_extension("store", options={"store": {"pathh": "p"}})


def test_a_command_loads_no_extension_but_its_own(packages: Packages) -> None:
    packages.add("store", {"store": "store_module:Store"}, store_module=STORE)
    packages.add("serve", {"serve": "serve_module"}, serve_module=SERVE)
    installed_extension("store", options={"store": {"path": "p"}})
    assert not packages.is_imported("serve_module")
