"""Handles orders until SIGTERM comes, without asyncio: `python stop_sync.py http://127.0.0.1:8080/cometd`."""

import signal
import sys
import threading
import time

from pybayeux import Client, Message


def handle(event: Message) -> None:
    print("begun", event.data["number"])
    time.sleep(0.5)
    print("done", event.data["number"])


stop = threading.Event()
for each in (signal.SIGTERM, signal.SIGINT):
    signal.signal(each, lambda number, frame: stop.set())

with Client(sys.argv[1]) as client:
    client.subscribe("/orders", handle)
    stop.wait()
