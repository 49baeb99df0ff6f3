"""``python wrong_clock.py SECONDS ...``: `pybayeux` with a shifted `time.time`, where libfaketime is missing."""

from __future__ import annotations

import sys
import time

from pybayeux.cli import main

_right, _shift = time.time, float(sys.argv.pop(1))
time.time = lambda: _right() + _shift
main()
