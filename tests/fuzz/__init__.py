"""Fuzzing: what a hostile server may send, against the parts that read it.

- `targets` what is fuzzed, and what must hold for each input
- `session_target`, `client_target` whole conversations, in virtual time
- `script` an input as the lines that a server answers
- `corpus` the kept inputs, a folder for each target; the tests run all of them
- `drivers`, `command` the command: ``uv run --with atheris python -m tests.fuzz TARGET --seconds 60``

Nothing is imported here: coverage is measured only of what is imported after the driver has begun.
"""
