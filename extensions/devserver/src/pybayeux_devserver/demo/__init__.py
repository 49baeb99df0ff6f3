"""The demo: a server that fails in many ways, and a client in a process of its own that loses nothing.

One idea per module:

- `orders` the stream of events, and their publication
- `record` the orders that were handled, in a file that outlives whoever writes it
- `tally` what the two come to: handled, lost, handled twice
- `listener` the program that listens; `process` its life, seen from outside; `status` what it tells
- `director` what goes wrong, and when
- `progress` waiting for something to come true
- `view` what is shown
- `run` all of it together
"""

__all__ = ()
