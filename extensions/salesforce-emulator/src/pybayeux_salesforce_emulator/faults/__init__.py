"""Faults on demand, by name: what each one does to a request or to its reply."""
