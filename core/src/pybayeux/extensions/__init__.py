"""The extension framework: finds extensions, configures, checks, orders and calls them.

One idea per module, from the entry point to the call:

- `catalogue` the hooks that there are, and what their specifications say
- `distributions`, `discovery` the installed extensions
- `choices` which of them the environment and the command line want
- `wanted` which of the installed ones are wanted, and which of the names that want them are wrong
- `names`, `environment` which names are one, and whose an environment variable is
- `validation` the check of one
- `option_table`, `options`, `config` the values that it is made with
- `expected` those that a deployment expects
- `candidates` active, disabled, not configured, incompatible or broken
- `selection` the objects that a client gets
- `registry` who is registered with a client, and for how long
- `compiled_hooks` the calls of all hooks of a client
- `hook_function` the implementations of hooks
- `pipeline`, `calls`, `wrapping`, `surrounding`, `result_policy` one of these calls
- `tracing`, `changes` the trace of the calls
- `blocking` the watch over calls that hold the event loop
- `status` a client's view
- `listing`, `explanation`, `commands`, `command_entries` the command line's view

It knows hooks and objects. It knows nothing of sessions, transports and the wire. This package imports none of its
modules: the command line needs few of them.
"""

__all__ = ()
