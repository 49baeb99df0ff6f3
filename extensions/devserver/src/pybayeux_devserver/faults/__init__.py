"""Faults on demand: what they do, when they apply, and how each one looks on the wire."""
