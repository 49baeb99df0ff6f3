from __future__ import annotations

import pytest

from pybayeux import errors
from pybayeux.cli.package_names import PackageNames, normalised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("acme-tenant", PackageNames("acme-tenant", "acme_tenant", "acme-tenant", "AcmeTenant")),
        ("Acme__.Tenant", PackageNames("acme-tenant", "acme_tenant", "acme-tenant", "AcmeTenant")),
        ("pybayeux-tenant", PackageNames("pybayeux-tenant", "pybayeux_tenant", "tenant", "Tenant")),
        ("PyBayeux_Tenant", PackageNames("pybayeux-tenant", "pybayeux_tenant", "tenant", "Tenant")),
        ("x", PackageNames("x", "x", "x", "X")),
        ("acme-2-go", PackageNames("acme-2-go", "acme_2_go", "acme-2-go", "Acme2Go")),
    ],
)
def test_names_follow_from_that_of_the_package(name: str, expected: PackageNames) -> None:
    assert PackageNames.of(name) == expected


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("message", "ExtensionMessage"),
        ("pybayeux-client", "ExtensionClient"),
        ("pybayeux-none", "ExtensionNone"),
        ("pybayeux-exception", "ExtensionException"),
        ("pybayeux-3d", "Extension3d"),
    ],
)
def test_class_is_not_called_as_another_name_that_it_meets(name: str, class_name: str) -> None:
    assert PackageNames.of(name).class_name == class_name


@pytest.mark.parametrize("name", ["", "-", "-a", "a-", ".a", "a b", "a/b", "../a", "a\n", "é", "a[test]", "$module"])
def test_what_no_package_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(errors.UsageError, match=r"cannot be the name of a package: .* such as acme-tenant"):
        PackageNames.of(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("json", "a module 'json' would shadow one of Python's own; choose another name, such as pybayeux-json"),
        ("import", "Python cannot import a module 'import'; choose another name, such as pybayeux-import"),
        ("3d", "Python cannot import a module '3d'; choose another name, such as pybayeux-3d"),
        ("PyTest", "'pytest' is a package that the new one depends on; choose another name, such as pybayeux-pytest"),
        ("pybayeux-all", "'all' means every extension and cannot be the name of one; choose another name"),
        ("all", "'all' means every extension and cannot be the name of one; choose another name"),
    ],
)
def test_what_would_be_in_the_way_is_refused_with_a_way_out(name: str, reason: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        PackageNames.of(name)
    assert str(caught.value) == reason


@pytest.mark.parametrize("name", ["pybayeux-json", "pybayeux-import", "pybayeux-3d", "pybayeux-pytest"])
def test_the_way_out_is_one(name: str) -> None:
    assert PackageNames.of(name).distribution == name


def test_normalised_is_what_the_index_compares() -> None:
    assert normalised("Acme._-Tenant") == "acme-tenant"
