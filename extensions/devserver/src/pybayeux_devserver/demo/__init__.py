"""The demo: a server with faults, and clients in a process of their own that lose no event.

- `orders` the stream of events, and their publication
- `record` the orders that were handled, in a file that survives the process
- `ledger` the orders that were written in the transaction that stores their position
- `tally` how many were published, handled, lost, and handled or written twice
- `listener` the program that listens; `process` starts and kills it; `status` is what it reports
- `fault_schedule` the faults, and when they happen
- `progress` waiting for a condition
- `view` the output
- `run` everything together
"""

__all__ = ()
