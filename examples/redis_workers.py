"""Four workers on relayed streams: `python redis_workers.py redis://cache.example.com:6379/0 orders`.

`pybayeux relay URL /orders --to 'redis://cache.example.com:6379/0/orders?partitions=4'` fills the streams. Each worker
reads one of them, so the entries of one key are handled in order. The effect of an entry, here one in the list
`handled`, and its acknowledgement are one transaction. So it is there exactly once, also if a worker is killed: the
entries that it had and did not acknowledge come first when it is started again.
"""

import json
import multiprocessing
import os
import signal
import sys
import time
from typing import Any

import redis

WORKERS = 4
GROUP = "workers"


def work(number: int, url: str, stream: str, parent: int) -> None:
    """Handle the entries of one stream until the parent has ended."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    client: Any = redis.Redis.from_url(url)
    name = f"{stream}:{number}"
    try:
        client.xgroup_create(name, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):  # it is there
            raise
    place = "0"  # first what this worker had before
    while os.getppid() == parent:
        read = client.xreadgroup(GROUP, f"worker-{number}", {name: place}, count=100, block=1000)
        entries = read[0][1] if read else []
        if not entries:
            place = ">"  # then what is new
        for entry_id, fields in entries:
            key = fields.get(b"key", fields[b"channel"]).decode()
            with client.pipeline() as transaction:
                transaction.rpush("handled", json.dumps([key, json.loads(fields[b"data"]), number]))
                transaction.xack(name, GROUP, entry_id)
                transaction.execute()


def main(url: str, stream: str) -> None:
    """Run the workers, and replace those that end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    workers: dict[int, multiprocessing.Process] = {}
    while True:
        for number in range(WORKERS):
            if number not in workers or not workers[number].is_alive():
                arguments = (number, url, stream, os.getpid())
                workers[number] = multiprocessing.Process(target=work, args=arguments, daemon=True)
                workers[number].start()
                print("worker", number, "is process", workers[number].pid)
        time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
