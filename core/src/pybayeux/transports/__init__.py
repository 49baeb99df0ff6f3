"""The ways to carry messages to a server."""
