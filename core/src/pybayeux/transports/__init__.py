"""The ways to carry messages to a server."""

from .._util.httpx_command_line import leave_out

__all__ = ()

leave_out()  # before a transport, or one of an extension's, imports httpx
