"""The long run: clients that stay open for many minutes on a server, with a fault every few seconds.

- `target` what the clients are connected to, and which faults happen to it; `real_servers` and `emulated_org` are such
- `org_process` the program of the emulated org
- `arrivals` what each client has received of the numbered events
- `run` the run itself: publishes, lets faults happen, waits for recovery, counts what the process holds
- `command` the command line: ``uv run python -m tests.soak.longrun --help``
"""

__all__ = ()
