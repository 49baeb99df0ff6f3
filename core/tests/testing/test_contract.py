from __future__ import annotations

import types

import pytest

from pybayeux import Message, hookimpl
from pybayeux.errors import ExtensionOptionError, UsageError
from pybayeux.testing import ContractError, check_contract


class Broken:
    """Breaks several points."""

    def __init__(self, token: str = "default", **more: object) -> None:
        self._token = token

    def __repr__(self) -> str:
        return f"Broken({self._token})"

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.successful is False:
            raise ValueError("that must not be")


class Stuck:
    @hookimpl
    def outgoing(self, message: Message) -> None:
        raise ValueError("nothing leaves")


class Picky:
    def __init__(self, number: int) -> None: ...

    @hookimpl
    def incoming(self) -> None: ...


def test_everything_that_is_broken_is_reported_at_once() -> None:
    with pytest.raises(ContractError) as found:
        check_contract(Broken)
    assert {"faults", "options", "secrets"} <= found.value.broken.keys()
    assert "signatures" not in found.value.broken
    lines = str(found.value).splitlines()
    assert lines[0] == "extension 'broken' breaks the contract for extensions:"
    assert [line.partition(":")[0] for line in lines[1:] if line.startswith("- ")] == [
        f"- {name}" for name in found.value.broken
    ]


def test_an_extension_that_prevents_the_connection_is_reported() -> None:
    with pytest.raises(ContractError) as found:
        check_contract(Stuck)
    assert "nothing leaves" in found.value.broken["call_paths"]


def test_a_module_is_returned_by_a_function() -> None:
    module = types.ModuleType("signing")

    @hookimpl
    def outgoing(message: Message) -> None:
        message.get_ext(create=True)["signed"] = True

    vars(module)["outgoing"] = outgoing
    check_contract(lambda: module)
    with pytest.raises(UsageError, match="a function that returns"):
        check_contract(module)  # type: ignore[arg-type]


def test_options_are_for_a_class() -> None:
    check_contract(Picky, {"number": 1})
    with pytest.raises(UsageError, match="number"):
        check_contract(lambda: Picky(1), {"number": 1})
    with pytest.raises(ExtensionOptionError, match="number"):
        check_contract(Picky, {"number": "one"})
