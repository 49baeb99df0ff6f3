"""The diagnosis of a server: what it does, what the installed extensions do with it, and what is wrong.

One idea per module, from the wire to the text:

- `report` the result, plain values
- `observing` an extension that records responses and replies
- `probing` one session on one transport, from the handshake to the disconnect
- `clock` the offset of the server's clock
- `effects` what each installed extension did
- `findings` problems and notes, with what to do about them
- `examination` all of it in order

It talks to the server through the low-level client, as any program would, and knows no extension by name.
"""

from .examination import Examination as Examination
from .report import Report as Report

__all__ = ("Examination", "Report")
