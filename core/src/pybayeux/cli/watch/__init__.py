"""`pybayeux watch`: a live view of one client.

- `command` the command and its options
- `display` when what is shown
- `observer` what happens to the client, as an extension sees it
- `figures` rates and lags
- `snapshot` all of it at one moment, for programs
- `text` a snapshot as text for people
- `screen` the terminal
"""

from .command import watch as watch

__all__ = ("watch",)
