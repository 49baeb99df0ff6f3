from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import hookimpl
from pybayeux.errors import ExtensionError, ExtensionLoadError, ExtensionOptionError
from pybayeux.extensions.selection import Chosen, Selection

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages

MODULE = "@hookimpl\ndef incoming(message): ..."


class Recorder:
    def __init__(self, depth: int = 1) -> None:
        self.depth = depth

    @hookimpl
    def incoming(self, message: object) -> None: ...


class RequiresKey:
    def __init__(self, key: str) -> None: ...


def choose(
    *extensions: object,
    options: dict[str, dict[str, Any]] | None = None,
    discover: bool = True,
    disabled: tuple[str, ...] = (),
) -> list[Chosen]:
    return list(Selection(options or {}, discover=discover, disabled=disabled).initial(extensions))


def names(chosen: list[Chosen]) -> list[tuple[str, bool]]:
    return [(each.name, each.installed is not None) for each in chosen]


def test_installed_ones_come_first_in_the_order_of_their_names(packages: Packages) -> None:
    packages.add("b", {"zeta": "module_z"}, module_z=MODULE)
    packages.add("a", {"beta": "module_b"}, module_b=MODULE)
    assert names(choose(Recorder())) == [("beta", True), ("zeta", True), ("recorder", False)]


def test_nothing_is_looked_for_without_discovery(packages: Packages) -> None:
    packages.signature()
    assert names(choose(Recorder(), discover=False)) == [("recorder", False)]
    assert not packages.is_imported("signature_extension")


def test_each_client_has_its_own_instance(packages: Packages) -> None:
    packages.signature()
    options = {"signature": {"key": "k"}}
    (first,), (second,) = choose(options=options), choose(options=options)
    assert first.extension is not second.extension
    assert vars(first.extension)["key"] == "k"


def test_unconfigured_and_disabled_ones_are_left_out(packages: Packages) -> None:
    packages.signature()
    packages.add("plain", {"plain": "plain_module"}, plain_module=MODULE)
    assert choose(disabled=("plain",)) == []


def test_passed_object_takes_the_place_of_an_installed_one(packages: Packages) -> None:
    packages.signature()
    (installed,) = choose(options={"signature": {"key": "k"}})
    kind: Any = type(installed.extension)
    passed = kind("mine")
    assert choose(passed) == [Chosen("signature", passed)]


def test_passed_object_replaces_one_with_the_name_of_its_class(packages: Packages) -> None:
    packages.add("recorder", {"recorder": "recorder_module"}, recorder_module=MODULE)
    passed = Recorder()
    assert choose(passed) == [Chosen("recorder", passed)]


def test_passed_object_takes_the_place_of_a_broken_one(packages: Packages, caplog: pytest.LogCaptureFixture) -> None:
    packages.add("recorder", {"recorder": "nowhere_to_be_found"})
    assert names(choose(Recorder())) == [("recorder", False)]
    assert caplog.records == []


def test_names_made_of_classes_differ() -> None:
    chosen = choose(Recorder(), Recorder(), Recorder(), discover=False)
    assert [each.name for each in chosen] == ["recorder", "recorder-2", "recorder-3"]


def test_class_is_made_with_its_options() -> None:
    (chosen,) = choose(Recorder, options={"recorder": {"depth": "3"}}, discover=False)
    assert vars(chosen.extension) == {"depth": 3}


def test_class_without_what_it_needs_is_an_error() -> None:
    with pytest.raises(ExtensionOptionError, match="extension 'requires-key': option 'key' is missing"):
        choose(RequiresKey, discover=False)


@pytest.mark.parametrize("wrong", [None, "replay"])
def test_what_is_no_extension_is_refused(wrong: object) -> None:
    with pytest.raises(ExtensionError, match="pass an object"):
        choose(wrong, discover=False)


def test_options_for_an_unknown_extension_are_an_error(packages: Packages) -> None:
    packages.signature()
    with pytest.raises(ExtensionOptionError, match="'signatur', but there is no such extension") as caught:
        choose(options={"signatur": {"key": "k"}})
    assert (caught.value.extension, caught.value.option) == ("signatur", "key")


def test_options_for_an_extension_that_is_missing_name_its_package(packages: Packages) -> None:
    packages.signature()
    text = "extension 'replay', but there is no such extension; pip install pybayeux-replay$"
    with pytest.raises(ExtensionOptionError, match=text):
        choose(options={"replay": {"store": "a.db"}})


def test_what_takes_no_options_is_not_proposed() -> None:
    with pytest.raises(ExtensionOptionError, match="but there is no such extension; none is in use"):
        choose(Recorder(), discover=False, options={"acme": {"key": "k"}})


def test_options_for_an_object_that_is_made_are_an_error() -> None:
    with pytest.raises(ExtensionOptionError, match="'recorder', but it was passed ready made"):
        choose(Recorder(), options={"recorder": {"depth": 3}}, discover=False)


def test_options_for_a_disabled_one_are_no_error(packages: Packages) -> None:
    packages.signature()
    assert choose(options={"signature": {"key": "k"}}, disabled=("signature",)) == []


def test_wrong_options_are_always_an_error(packages: Packages) -> None:
    packages.signature()
    with pytest.raises(ExtensionOptionError, match="'heder' is unknown"):
        choose(options={"signature": {"key": "k", "heder": "x"}})


@pytest.mark.parametrize(
    "source", ["1 / 0", "class Broken:\n def __init__(self): 1 / 0\n @hookimpl\n def incoming(self): ..."]
)
def test_broken_one_is_a_warning(packages: Packages, caplog: pytest.LogCaptureFixture, source: str) -> None:
    packages.add("broken", {"broken": "broken_module:Broken"}, broken_module=source)
    packages.add("plain", {"plain": "plain_module"}, plain_module=MODULE)
    assert names(choose()) == [("plain", True)]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("pybayeux.extensions", logging.WARNING)
    assert "of broken 1.2" in record.getMessage()
    assert "ZeroDivisionError" in record.getMessage()


@pytest.mark.parametrize(
    "source",
    [
        "class Panic(BaseException): ...\nraise Panic('native')",
        """
        class Panic(BaseException): ...
        class Broken:
            def __init__(self): raise Panic('native')
            @hookimpl
            def incoming(self): ...
        """,
    ],
)
def test_an_exception_of_any_kind_harms_its_extension_alone(
    packages: Packages, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    packages.add("broken", {"broken": "broken_module:Broken"}, broken_module=source)
    packages.add("plain", {"plain": "plain_module"}, plain_module=MODULE)
    assert names(choose()) == [("plain", True)]
    assert "Panic: native" in caplog.text


def test_ctrl_c_at_import_is_no_broken_extension(packages: Packages) -> None:
    packages.add("broken", {"broken": "broken_module:Broken"}, broken_module="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        choose()


def test_a_broken_one_is_warned_of_once_in_a_process_with_its_file(
    packages: Packages, caplog: pytest.LogCaptureFixture
) -> None:
    packages.add("broken", {"broken": "nowhere_to_be_found"})
    choose()
    choose()
    (record,) = caplog.records
    assert "broken-1.2.dist-info" in record.getMessage()


@pytest.mark.parametrize("value", ["nowhere_to_be_found", "broken_module:Broken"])
def test_broken_one_is_an_error_in_strict_mode(packages: Packages, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    source = "class Broken:\n def __init__(self): 1 / 0\n @hookimpl\n def registered(self): ..."
    packages.add("broken", {"broken": value}, broken_module=source)
    monkeypatch.setenv("PYBAYEUX_STRICT", "1")
    with pytest.raises(ExtensionLoadError, match=r"of broken 1\.2"):
        choose()


# -- an object that was passed takes the place of an installed extension


RECORDER = """
    class Recorder:
        name = "mine"

        @hookimpl
        def incoming(self, message): ...

    recorder = Recorder()
"""


@pytest.mark.parametrize("value", ["recorder_module:Recorder", "recorder_module:recorder"])
def test_passed_object_replaces_all_of_its_class_whatever_its_name(packages: Packages, value: str) -> None:
    packages.add("acme", {"first": value, "second": "recorder_module:Recorder"}, recorder_module=RECORDER)
    kind: Any = type(choose()[0].extension)
    passed = kind()
    assert choose(passed) == [Chosen("first", passed)]


def test_passed_object_replaces_one_whose_name_is_spelled_otherwise(packages: Packages) -> None:
    packages.add("acme", {"Re_Corder": "recorder_module"}, recorder_module=MODULE)
    passed = Recorder()
    vars(passed)["name"] = "re-corder"
    assert names(choose(passed)) == [("re-corder", False)]


def test_options_for_a_mistyped_extension_are_refused_with_what_was_meant(packages: Packages) -> None:
    packages.add("acme", {"acme-hmac": "recorder_module"}, recorder_module=MODULE)
    with pytest.raises(ExtensionOptionError, match="'acme_hmac', but there is no such extension; did you mean 'acme-h"):
        choose(options={"acme_hmac": {"key": "k"}})


def test_a_variable_of_a_passed_class_is_no_mistake(
    packages: Packages, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYBAYEUX_RECORDER_DEPTH", "3")
    choose(Recorder)
    choose(Recorder())
    assert not caplog.messages
    choose()
    assert caplog.messages[0].startswith("PYBAYEUX_RECORDER_DEPTH is set in the environment, but is not used")


def test_ctrl_c_while_an_extension_is_made_is_no_error_of_it() -> None:
    class Interrupted:
        def __init__(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        choose(Interrupted, discover=False)
