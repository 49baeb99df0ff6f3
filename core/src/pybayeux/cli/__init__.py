"""The `pybayeux` command.

One idea per module, from the arguments to the exit code:

- `command` the root command: its own sub-commands, those that packages name, and those of extensions
- `lazy_command` a sub-command that is imported when it runs
- `listen`, `watch`, `publish`, `doctor`, `extensions`, `new_extension`, `completion` the sub-commands
- `doctor_text`, `explanation_text`, `extensions_text`, `message_text` what is shown as text
- `package_names`, `scaffold` a new extension's names and files
- `arguments`, `channels`, `options`, `server` the arguments and options, and the client made from them
- `extension_names`, `shells` what the Tab key completes, and what bash, zsh and fish need for that
- `lines`, `output`, `pipes` standard input and output
- `stderr_log`, `watcher`, `progress` standard error
- `running`, `systemd`, `failures` signals, the supervisor, errors and exit codes

It knows the clients and the framework. Of single extensions it knows replay alone: its option `since`, and how
to leave stored positions alone.

What a sub-command of an extension needs to look and behave like `listen` is public here: the options of a client
(`server_options`), those for a supervisor (`service_options`), the client made from them (`Server`), the run until it
is done or a signal comes (`run`), what may end first when one comes (`uninterrupted`), how far it is
(`show_progress`), and writes to a standard stream whose reader may be slow, or gone (`write_all`).
"""

from typing import TYPE_CHECKING

from .._util.lazy_names import lazy_names

if TYPE_CHECKING:
    from .channels import check_channels as check_channels
    from .channels import check_since as check_since
    from .command import main as main
    from .failures import EXIT_CODES as EXIT_CODES
    from .failures import Failure as Failure
    from .failures import WrongUsage as WrongUsage
    from .options import server_options as server_options
    from .options import service_options as service_options
    from .pipes import descriptor_of as descriptor_of
    from .pipes import reader_gone as reader_gone
    from .pipes import write_all as write_all
    from .progress import clear_progress as clear_progress
    from .progress import show_progress as show_progress
    from .running import first as first
    from .running import run as run
    from .running import uninterrupted as uninterrupted
    from .server import Server as Server

__all__ = (
    "EXIT_CODES",
    "Failure",
    "Server",
    "WrongUsage",
    "check_channels",
    "check_since",
    "clear_progress",
    "descriptor_of",
    "first",
    "main",
    "reader_gone",
    "run",
    "server_options",
    "service_options",
    "show_progress",
    "uninterrupted",
    "write_all",
)

_MODULES = {
    "channels": "check_channels check_since",
    "command": "main",
    "failures": "EXIT_CODES Failure WrongUsage",
    "options": "server_options service_options",
    "pipes": "descriptor_of reader_gone write_all",
    "progress": "clear_progress show_progress",
    "running": "first run uninterrupted",
    "server": "Server",
}

if not TYPE_CHECKING:  # the help of a command needs few of the modules
    __getattr__ = lazy_names(__name__, _MODULES)
