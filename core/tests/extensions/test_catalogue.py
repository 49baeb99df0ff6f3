"""Hooks that an extension brings for other extensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.extensions.journals import CLIENT
from core.tests.virtual_time import in_virtual_time
from pybayeux import hookimpl, hookspec
from pybayeux.errors import ExtensionError, UsageError
from pybayeux.extensions.catalogue import core_hooks, hook_names, hook_providers, signature_of
from pybayeux.extensions.commands import installed_hook
from pybayeux.extensions.listing import list_extensions
from pybayeux.extensions.registry import ExtensionRegistry

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages
    from pybayeux.errors import ExtensionHookError

SPECS = """
    class Stores:
        @hookspec
        def register_stores(self, stores): ...

        @hookspec
        async def gap(self, gap, client): ...

        @hookspec(firstresult=True)
        def origin(self, client): ...
"""
REDIS = """
    class Redis:
        @hookimpl
        def register_stores(self, stores):
            stores.append("redis")

        @hookimpl
        async def gap(self, gap):
            gap.append("seen")

        @hookimpl
        def origin(self, client):
            return "org"
"""


def bring(packages: Packages, specs: str = SPECS, name: str = "keeper") -> None:
    """Install a package that brings hooks, and an extension beside them."""
    module = f"{name}_module"
    packages.add(
        name,
        {name: module},
        hookspecs={name: f"{module}:Stores"},
        commands=None,
        **{module: specs + "\n    @hookimpl\n    def incoming(message): ...\n"},
    )


def registry(*extensions: object, errors: list[ExtensionHookError] | None = None) -> ExtensionRegistry:
    return ExtensionRegistry(CLIENT, extensions=extensions, on_error=(errors if errors is not None else []).append)


def test_the_core_has_its_own_hooks_alone(packages: Packages) -> None:
    assert hook_names() == tuple(core_hooks())
    assert signature_of("register_stores") is None


def test_hooks_of_packages_have_signatures(packages: Packages) -> None:
    bring(packages)
    assert hook_names() == (*core_hooks(), "register_stores", "gap", "origin")
    stores, gap, origin = map(signature_of, ("register_stores", "gap", "origin"))
    assert stores is not None
    assert gap is not None
    assert origin is not None
    assert (stores.arguments, stores.results, stores.waits) == (("stores",), (), False)
    assert (gap.arguments, gap.waits) == (("gap", "client"), True)
    assert origin.results == (object,)


@in_virtual_time
async def test_an_installed_extension_implements_them(packages: Packages) -> None:
    bring(packages)
    packages.add("redis-store", {"redis": "redis_module:Redis"}, redis_module=REDIS)
    extensions = registry()
    stores: list[str] = []
    extensions.hooks.provided("register_stores").call(stores)
    assert stores == ["redis"], "called before it is ready"
    gap: list[str] = []
    await extensions.hooks.provided("gap").acall(gap, "client")
    assert gap == [], "not ready yet"
    await extensions.open()
    assert extensions.hooks.provided("gap").is_async
    await extensions.hooks.provided("gap").acall(gap, "client")
    assert gap == ["seen"]
    assert extensions.hooks.provided("origin").call("client") == "org"


@in_virtual_time
async def test_a_removed_one_is_not_called_any_more(packages: Packages) -> None:
    bring(packages)
    packages.add("redis-store", {"redis": "redis_module:Redis"}, redis_module=REDIS)
    extensions = registry()
    await extensions.open()
    assert extensions.hooks.provided("origin").call("client") == "org"
    extensions.remove("redis")
    assert extensions.hooks.provided("origin").is_empty
    assert extensions.hooks.provided("origin").call("client") is None


def test_without_a_client(packages: Packages) -> None:
    bring(packages)
    packages.add("redis-store", {"redis": "redis_module:Redis"}, redis_module=REDIS)
    stores: list[str] = []
    installed_hook("register_stores").call(stores)
    assert stores == ["redis"]
    installed_hook("register_stores", disabled=["redis"]).call(stores)
    assert stores == ["redis"]
    with pytest.raises(UsageError, match="unknown_hook"):
        installed_hook("unknown_hook")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def gapp(self): ...", "did you mean 'gap'"),
        ("def gap(self, hole): ...", "unknown argument 'hole'"),
        ("async def register_stores(self, stores): ...", "cannot wait"),
    ],
)
def test_implementations_are_checked_as_those_of_the_core(packages: Packages, source: str, words: str) -> None:
    bring(packages)
    packages.add("odd", {"odd": "odd_module:Odd"}, odd_module=f"class Odd:\n @hookimpl\n {source}")
    (odd,) = [each for each in list_extensions() if each.name == "odd"]
    assert odd.state.value == "broken"
    assert words in odd.reason


def test_an_optional_hook_of_a_missing_package_is_no_mistake(packages: Packages) -> None:
    source = "class Odd:\n @hookimpl(optionalhook=True)\n def gap(self, gap): ...\n @hookimpl\n def incoming(self): ..."
    packages.add("odd", {"odd": "odd_module:Odd"}, odd_module=source)
    (odd,) = list_extensions()
    assert (odd.state.value, odd.hooks) == ("active", ("incoming",))


def test_a_failure_is_reported_and_stops_nothing(packages: Packages) -> None:
    bring(packages)
    packages.add("bad", {"bad": "bad_module"}, bad_module="@hookimpl\ndef register_stores(stores): 1 / 0")
    packages.add("redis-store", {"redis": "redis_module:Redis"}, redis_module=REDIS)
    errors: list[ExtensionHookError] = []
    stores: list[str] = []
    registry(errors=errors).hooks.provided("register_stores").call(stores)
    assert stores == ["redis"]
    assert [(error.extension, error.hook) for error in errors] == [("bad", "register_stores")]


@pytest.mark.parametrize("name", ["unknown_hook", "incoming"])
def test_only_hooks_of_packages_are_called_by_name(packages: Packages, name: str) -> None:
    bring(packages)
    with pytest.raises(UsageError, match=name):
        registry().hooks.provided(name)


def test_the_list_shows_which_package_brings_which_hooks(packages: Packages) -> None:
    bring(packages)
    (keeper,) = list_extensions()
    assert keeper.brings == ("register_stores", "gap", "origin")


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("class Other: ...", "AttributeError"),
        ("class Stores:\n        def gap(self): ...", "nothing in it is marked with @hookspec"),
        ("class Stores:\n        @hookspec\n        def incoming(self, message): ...", "is pybayeux itself's already"),
    ],
)
def test_a_broken_provider_is_listed_and_the_others_are_used(packages: Packages, specs: str, words: str) -> None:
    module = f"\n    {specs}\n"
    packages.add("wrong", {}, hookspecs={"wrong": "wrong_module:Stores"}, wrong_module=module)
    packages.signature()
    listed = {each.name: each for each in list_extensions({"signature": {"key": "k"}})}
    assert listed["signature"].state.value == "active"
    assert listed["wrong"].state.value == "broken"
    assert words in listed["wrong"].reason
    assert "wrong 1.2" in listed["wrong"].reason


def test_two_packages_cannot_bring_one_hook(packages: Packages) -> None:
    bring(packages, name="first")
    bring(packages, name="second")
    first, second = hook_providers()
    assert first.error is None
    assert isinstance(second.error, ExtensionError)
    assert "hook 'register_stores' is first 1.2's already" in str(second.error)


def test_the_group_is_read_only_where_a_hook_is_not_the_cores(
    packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages.signature()
    asked: list[str] = []

    def find_group(group: str) -> Any:
        asked.append(group)
        return ()

    monkeypatch.setattr("pybayeux.extensions.catalogue.find_group", find_group)
    extensions = ExtensionRegistry(CLIENT, options={"signature": {"key": "k"}})
    assert extensions.names == ("signature",)
    assert asked == []


ANNOTATED = """
    from collections.abc import Mapping
    from typing import Any

    class Stores:
        @hookspec(firstresult=True)
        def named(self) -> str | None: ...

        @hookspec(firstresult=True)
        def counted(self) -> "float | None": ...

        @hookspec(firstresult=True)
        def mapped(self) -> Mapping[str, int] | list[str] | None: ...

        @hookspec(firstresult=True)
        def open(self) -> Any: ...

        @hookspec(firstresult=True)
        def unknown(self) -> "Nowhere | None": ...

        @hookspec
        def no_result(self) -> str: ...

        @hookspec
        def register_things(self): ...
"""


def test_results_and_order_are_read_from_the_specification(packages: Packages) -> None:
    bring(packages, ANNOTATED)
    found = {name: signature_of(name) for name in hook_names() if name not in core_hooks()}
    assert {name: signature.results for name, signature in found.items() if signature is not None} == {
        "named": (str,),
        "counted": (int, float),
        "mapped": (Mapping, list),
        "open": (object,),
        "unknown": (object,),
        "no_result": (),
        "register_things": (),
    }
    early = [name for name, signature in found.items() if signature is not None and signature.rule.called_on == "all"]
    assert early == ["register_things"]


# -- hooks of extensions that are passed by hand


class LedgerHooks:
    @hookspec
    def balance(self, account: str) -> None: ...


class Ledger:
    pybayeux_hookspecs: type = LedgerHooks

    @hookimpl
    def incoming(self) -> None: ...


class Auditor:
    @hookimpl
    def balance(self, account: str) -> None:
        accounts.append(account)


accounts: list[str] = []


@in_virtual_time
async def test_an_extension_may_call_a_hook_of_those_that_are_ready_while_it_is_registered(packages: Packages) -> None:
    class Opener:
        @hookimpl
        def registered(self, name: str) -> None:
            extensions.hooks.provided("balance").call(name)

    class Early(Opener): ...

    class Late(Opener): ...

    extensions = ExtensionRegistry(CLIENT, extensions=[Ledger(), Early(), Auditor(), Late()], discover=False)
    accounts.clear()
    await extensions.open()
    assert accounts == ["late"], "the auditor was not ready before"


@pytest.mark.parametrize("passed", [(Auditor(), Ledger()), (Ledger, Auditor)])
@in_virtual_time
async def test_a_passed_extension_brings_its_hooks_without_metadata(
    packages: Packages, passed: tuple[object, ...]
) -> None:
    extensions = ExtensionRegistry(CLIENT, extensions=passed, discover=False)
    await extensions.open()
    accounts.clear()
    extensions.hooks.provided("balance").call("paper")
    assert accounts == ["paper"]


def test_a_passed_extension_cannot_bring_a_hook_that_is_anothers(packages: Packages) -> None:
    class Hooks:
        @hookspec
        def incoming(self) -> None: ...

    class Thief(Ledger):
        pybayeux_hookspecs = Hooks

    with pytest.raises(ExtensionError, match="hook 'incoming' is another's already"):
        ExtensionRegistry(CLIENT, extensions=[Thief()], discover=False)


def test_what_is_marked_and_is_no_function_is_left_out_with_the_reason(packages: Packages) -> None:
    bring(packages, specs="\n    class Stores:\n        gap = hookspec(type('Gap', (), {}))\n")
    [provider] = hook_providers()
    assert "'gap' is marked with @hookspec but is not a function" in str(provider.error)


def test_ctrl_c_while_hooks_are_loaded_is_no_error_of_theirs(packages: Packages) -> None:
    bring(packages, specs="\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        hook_providers()
