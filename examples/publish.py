"""Publishes some orders: `python publish.py http://127.0.0.1:8080/cometd tea coffee`."""

import sys

from pybayeux import BayeuxError, Client

url, *items = sys.argv[1:]

with Client(url) as client:
    reply = client.publish("/orders/new", {"item": items[0]})  # raises where the server refuses
    print("published", items[0], reply.successful)
    with client.batch() as batch:  # the rest travels as one request
        for item in items[1:]:
            batch.publish("/orders/new", {"item": item})

for item, answer in zip(items[1:], batch.replies, strict=True):
    print("refused" if isinstance(answer, BayeuxError) else "published", item)
