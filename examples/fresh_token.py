"""Listens with a token that expires: `python fresh_token.py http://127.0.0.1:8080/cometd token.txt`.

The file is read at the start, and again each time that the server refuses the token.
"""

import sys
from pathlib import Path

from pybayeux import Client
from pybayeux_auth import Auth

url, path = sys.argv[1:]
auth = Auth(lambda: Path(path).read_text().strip())

with Client(url, extensions=[auth]) as client, client.subscribe("/orders/**") as events:
    for event in events:
        print(event.channel, event.data)
