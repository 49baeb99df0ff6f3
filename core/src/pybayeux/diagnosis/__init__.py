"""What a server does, what the installed extensions do with it, and what is wrong.

One idea per module, from the wire to the words:

- `report` the result, plain values
- `observing` what an extension of ours sees of a conversation
- `probing` one session on one transport, from the handshake to the disconnect
- `clock` what the answers say of the server's clock
- `effects` what each installed extension did
- `findings` what is wrong, in words, with what to do
- `examination` all of it in order

It speaks with the server through the low-level client, as any program would, and knows no extension by name.
"""

from .examination import Examination as Examination
from .report import Report as Report

__all__ = ("Examination", "Report")
