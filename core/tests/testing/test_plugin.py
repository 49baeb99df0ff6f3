from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest

import pybayeux.testing
from pybayeux import Message, hookimpl
from pybayeux.testing import ContractError, Harness, HookRecorder, in_virtual_time

if TYPE_CHECKING:
    from collections.abc import Callable


class Mark:
    @hookimpl
    def outgoing(self, message: Message) -> None:
        message.get_ext(create=True)["mark"] = 1


class Unmarked:
    @hookimpl
    def outgoing(self) -> str:
        return "a mark"


@in_virtual_time
async def test_harness_and_recorder(bayeux_harness: type[Harness], bayeux_recorder: HookRecorder) -> None:
    async with bayeux_harness(Mark, others=[bayeux_recorder]) as harness:
        await harness.client.publish("/orders", 1)
    assert {str(message.ext) for message in harness.sent} == {"{'mark': 1}"}
    assert "registered" in bayeux_recorder.hooks


def test_contract(bayeux_contract: Callable[..., None]) -> None:
    bayeux_contract(Mark)
    with pytest.raises(ContractError):
        bayeux_contract(Unmarked)


def test_pytest_finds_the_plugin() -> None:
    [found] = [each for each in entry_points(group="pytest11") if each.name == "pybayeux"]
    assert found.value == "pybayeux.testing.plugin"


def loaded(statement: str) -> list[str]:
    """The modules of the test kit, and of pytest, that are loaded after a statement."""
    program = f"{statement}; import sys; print(*[m for m in sys.modules if m.split('.')[:2] in KINDS])"
    program = program.replace("KINDS", "(['pybayeux', 'testing'], ['pytest'])")
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return sorted(found.stdout.split())


def test_the_kit_is_not_imported_before_its_use() -> None:
    assert loaded("import pybayeux") == []
    assert loaded("import pybayeux.testing") == ["pybayeux.testing"]
    assert loaded("import pybayeux.testing.plugin") == ["pybayeux.testing", "pybayeux.testing.plugin", "pytest"]
    assert "pytest" not in loaded("from pybayeux.testing import check_contract")


@pytest.mark.parametrize("name", pybayeux.testing.__all__)
def test_every_public_name_is_there(name: str) -> None:
    value: Any = getattr(pybayeux.testing, name)
    assert value.__name__ == name


def test_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no_such_thing"):
        pybayeux.testing.no_such_thing  # type: ignore[attr-defined]  # noqa: B018
