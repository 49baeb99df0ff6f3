"""The `pybayeux` command.

One idea per module, from the words typed to the code that the shell gets:

- `command` the group: its own sub-commands, and those of extensions
- `listen`, `publish`, `doctor`, `extensions`, `new_extension` the sub-commands
- `doctor_text` a diagnosis for people
- `package_names`, `scaffold` a new extension's names and files
- `given`, `options`, `server` what was asked for, and the client made of it
- `lines`, `output`, `pipes` standard input and output
- `telling`, `printable` standard error
- `running`, `failures` signals, errors and exit codes

It knows the clients and the framework, and nothing of a single extension but that replay has an option `since`.
"""

from .command import main as main

__all__ = ("main",)
