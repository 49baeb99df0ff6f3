"""The extension framework: finds extensions, configures, checks, orders and calls them.

One idea per module, from the entry point to the call:

- `catalogue` the hooks that there are, those that packages bring included
- `discovery`, `loading` what is installed, and what is behind it
- `validation` what is wrong with it
- `options`, `config` what it is to be made with
- `compatibility` whether it was written for this version
- `candidates` used, blocked, not configured, incompatible or broken
- `naming`, `making`, `selection` which objects a client gets
- `manager`, `registry`, `registration` who is registered with a client, and for how long
- `pipeline`, `verdict`, `wrapping` the calls
- `tracing`, `changes` what is told of the calls
- `listing`, `commands` the command line's view of it

It knows hooks and objects. It knows nothing of sessions, transports and the wire.
"""

from .commands import installed_hook as installed_hook
from .commands import register_commands as register_commands
from .config import read_config as read_config
from .listing import ExtensionInfo as ExtensionInfo
from .listing import list_extensions as list_extensions
from .pipeline import HookCaller as HookCaller
from .pipeline import Pipeline as Pipeline
from .registration import Registration as Registration
from .registry import ExtensionRegistry as ExtensionRegistry
from .verdict import Veto as Veto

__all__ = (
    "ExtensionInfo",
    "ExtensionRegistry",
    "HookCaller",
    "Pipeline",
    "Registration",
    "Veto",
    "installed_hook",
    "list_extensions",
    "read_config",
    "register_commands",
)
