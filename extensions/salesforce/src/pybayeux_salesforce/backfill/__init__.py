"""Backfill: what a gap in the change events of an org has left out is read by REST, and handed out in its place."""
