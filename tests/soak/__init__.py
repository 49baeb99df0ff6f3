"""The soak test: random and named scripts of faults, against a consumer that is killed while they run.

- `script` what happens to an org and its consumer, and when; `random_scripts` and `named_scripts` make scripts
- `journal` what a consumer writes down before it can be killed
- `consumer` the program that consumes; `consumer_process` starts and kills it
- `script_run` runs one script on an emulated org; `runner` runs many
- `delivery_report` compares what was published with what was handled; `totals` adds reports up
- `backfill` the same for gaps that are filled: ``uv run python -m tests.soak.backfill --help``
- `command` the command line: ``uv run python -m tests.soak --help``
"""

__all__ = ()
