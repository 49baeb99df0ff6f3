"""Works on jobs in eight threads: `python many_threads.py http://127.0.0.1:8080/cometd`."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from pybayeux import Client, Message

WORKERS = 8
room = threading.BoundedSemaphore(2 * WORKERS)


def work(job: Message) -> None:
    try:
        time.sleep(0.2)  # something slow
        client.publish("/results", {"job": job.data["number"], "thread": threading.current_thread().name})
        job.ack()
    finally:
        room.release()


with (
    Client(sys.argv[1]) as client,
    client.subscribe("/jobs", ack="manual") as jobs,
    ThreadPoolExecutor(WORKERS, "worker") as pool,
):
    for job in jobs:
        room.acquire()  # or the pool's own queue would grow without end
        pool.submit(work, job)
