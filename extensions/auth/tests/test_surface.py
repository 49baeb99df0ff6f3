from __future__ import annotations

import subprocess
import sys

import pytest

import pybayeux_auth
from pybayeux_auth import flows


@pytest.mark.parametrize("module", [pybayeux_auth, flows])
def test_every_public_name_can_be_imported(module: object) -> None:
    names: tuple[str, ...] = getattr(module, "__all__")  # noqa: B009 - of either module
    assert list(names) == sorted(names)
    assert all(getattr(module, name).__name__ == name for name in names)
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchFlow'"):
        getattr(module, "NoSuchFlow")  # noqa: B009 - mypy knows that it is not there


def test_libraries_for_logins_are_imported_late() -> None:
    """Every client that discovers its extensions imports the package."""
    program = (
        "import sys, pybayeux_auth.configured, pybayeux_auth.command_line, pybayeux_auth.hookspecs; print(*sys.modules)"
    )
    command = [sys.executable, "-c", program]
    imported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "pybayeux_auth.extension" in imported
    late = {"authlib", "joserfc", "cryptography", "filelock", "keyring", "platformdirs"}
    late |= {"pybayeux_auth.commands", "pybayeux_auth.flows.jwt_bearer", "pybayeux_auth.stores"}
    assert not late.intersection(imported)
