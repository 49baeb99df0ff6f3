"""The test kit for extensions: a client with one extension, a scripted server, virtual time, and the contract.

Neither `import pybayeux` nor importing this package loads any of it: each name is imported at its first use, because
pytest loads the plugin at the start of every run.

- `virtual_time` an event loop that does not sleep
- `server` a server whose replies are scripted
- `harness` a client with one extension and that server
- `recorder` an extension that records every call of every hook
- `contract`, `checks` the rules for every extension
- `scenarios`, `interference`, `differences`, `factory` the parts of the checks
- `plugin` the fixtures
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy_names import lazy_names

if TYPE_CHECKING:
    from .contract import ContractError as ContractError
    from .contract import check_contract as check_contract
    from .harness import Harness as Harness
    from .recorder import HookCall as HookCall
    from .recorder import HookRecorder as HookRecorder
    from .server import ScriptedServer as ScriptedServer
    from .virtual_time import Clock as Clock
    from .virtual_time import in_virtual_time as in_virtual_time
    from .virtual_time import run as run

__all__ = (
    "Clock",
    "ContractError",
    "Harness",
    "HookCall",
    "HookRecorder",
    "ScriptedServer",
    "check_contract",
    "in_virtual_time",
    "run",
)

if not TYPE_CHECKING:  # pytest loads the plugin at the start of every run
    __getattr__ = lazy_names(
        __name__,
        {
            "contract": "ContractError check_contract",
            "harness": "Harness",
            "recorder": "HookCall HookRecorder",
            "server": "ScriptedServer",
            "virtual_time": "Clock in_virtual_time run",
        },
    )
