"""Prints every order, without asyncio: `python listen_sync.py http://127.0.0.1:8080/cometd`."""

import sys

from pybayeux import Client

with Client(sys.argv[1]) as client, client.subscribe("/orders/**") as events:
    for event in events:
        print(event.channel, event.data)
