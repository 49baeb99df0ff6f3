"""``python -m tests.soak.backfill``."""

from tests.soak.backfill.command import backfill

if __name__ == "__main__":
    backfill()
