# What maintainers run by hand. `uv run just` lists it.

default:
    @just --list --unsorted

# Run every check that CI runs.
check:
    .ci/check

# Show the documentation while it is written.
docs:
    NO_MKDOCS_2_WARNING=1 uv run mkdocs serve

# Give every distribution the version NEW, such as 0.2.0.
version NEW:
    uv run python -m tests.packaging.release version {{ NEW }}

# Build, check, install and try every distribution, and publish them: `just release --dry-run` stops before that.
release *OPTIONS:
    uv run python -m tests.packaging.release release {{ OPTIONS }}
