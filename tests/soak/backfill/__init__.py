"""The proof of the backfill: random faults with gaps, and a replica of records that is right in the end."""
