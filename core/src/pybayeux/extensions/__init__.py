"""The extension framework: finds extensions, configures, checks, orders and calls them.

One idea per module, from the entry point to the call:

- `catalogue` the hooks that there are, and what their specifications say
- `distributions`, `discovery` the installed extensions
- `names`, `environment` which names are one, and whose an environment variable is
- `validation` the check of one
- `options`, `config` the values that it is made with
- `candidates` active, disabled, not configured, incompatible or broken
- `selection` the objects that a client gets
- `registry` who is registered with a client, and for how long
- `pipeline`, `result_policy`, `wrapping` the calls
- `tracing`, `changes` the trace of the calls
- `blocking` the watch over calls that hold the event loop
- `status` a client's view
- `listing`, `commands` the command line's view

It knows hooks and objects. It knows nothing of sessions, transports and the wire.
"""

from .blocking import BlockingWatch as BlockingWatch
from .commands import commands_left_out as commands_left_out
from .commands import installed_hook as installed_hook
from .commands import register_commands as register_commands
from .config import read_config as read_config
from .listing import ExtensionInfo as ExtensionInfo
from .listing import list_extensions as list_extensions
from .pipeline import Pipeline as Pipeline
from .registry import ExtensionRegistry as ExtensionRegistry
from .result_policy import Veto as Veto
from .status import ExtensionStatus as ExtensionStatus
from .status import summary as summary

__all__ = (
    "BlockingWatch",
    "ExtensionInfo",
    "ExtensionRegistry",
    "ExtensionStatus",
    "Pipeline",
    "Veto",
    "commands_left_out",
    "installed_hook",
    "list_extensions",
    "read_config",
    "register_commands",
    "summary",
)
