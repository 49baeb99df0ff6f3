"""The `pybayeux` command.

One idea per module, from the arguments to the exit code:

- `command` the root command: its own sub-commands, and those of extensions
- `listen`, `publish`, `doctor`, `extensions`, `new_extension` the sub-commands
- `doctor_text`, `extensions_text`, `message_text` what is shown as text
- `package_names`, `scaffold` a new extension's names and files
- `arguments`, `options`, `server` the options, and the client made from them
- `lines`, `output`, `pipes` standard input and output
- `stderr_log` standard error
- `running`, `failures` signals, errors and exit codes

It knows the clients and the framework. Of single extensions it knows one thing: that replay has an option `since`.
"""

from .command import main as main

__all__ = ("main",)
