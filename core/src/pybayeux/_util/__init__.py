"""Helpers that know nothing of sessions and transports: texts, addresses, values, threads."""
