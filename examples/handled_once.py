"""Keeps every order, over restarts: `python handled_once.py http://127.0.0.1:8080/cometd orders.db positions.db`.

Kill it at any moment and start it again: it goes on after the last order that was noted as handled. An order that was
kept, but not noted any more, comes once again, and the table's primary key tells.
"""

import sqlite3
import sys
from contextlib import closing

import msgspec

from pybayeux import Client


class Order(msgspec.Struct):
    """The data of an event; other members are left aside."""

    number: int
    item: str


url, orders, positions = sys.argv[1:]
replay = {"store": positions, "since": "earliest"}

with closing(sqlite3.connect(orders)) as database, Client(url, options={"replay": replay}) as client:
    database.execute("CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, item TEXT)")
    with client.subscribe("/orders", type=Order) as events:
        for event in events:
            order: Order = event.data
            with database:
                database.execute("INSERT OR IGNORE INTO orders VALUES (?, ?)", (order.number, order.item))
            print("kept", order.number)  # asking for the next one says that this one is handled
