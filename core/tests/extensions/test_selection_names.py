from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pybayeux.extensions.candidates import resolve_installed
from pybayeux.extensions.selection import label, own_name

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages


class BearerToken: ...


class _HTTPLog2File: ...


def test_label_is_made_of_the_class_or_module() -> None:
    assert label(BearerToken()) == "bearer-token"
    assert label(BearerToken) == "bearer-token"
    assert label(_HTTPLog2File()) == "http-log2-file"
    assert label(ModuleType("package.time_sync")) == "time-sync"


def test_attribute_names_an_object() -> None:
    assert own_name(SimpleNamespace(name="mine"), []) == "mine"


@pytest.mark.parametrize("name", ["", None, 3])
def test_attribute_that_is_no_name_is_passed_over(name: object) -> None:
    assert own_name(SimpleNamespace(name=name), []) is None


def test_object_of_an_installed_extension_has_its_name(packages: Packages) -> None:
    packages.signature()
    candidates = resolve_installed({})
    target = candidates[0].target
    assert isinstance(target, type)
    derived = type("Other", (target,), {"name": "not used"})
    assert own_name(target, candidates) == "signature"
    assert own_name(target("k"), candidates) == "signature"
    assert own_name(derived("k"), candidates) == "signature"
    assert own_name(BearerToken(), candidates) is None


def test_installed_module_has_its_name(packages: Packages) -> None:
    packages.add("plain", {"plain": "plain_module"}, plain_module="@hookimpl\ndef incoming(): ...")
    candidates = resolve_installed({})
    assert own_name(candidates[0].target, candidates) == "plain"
