"""The synchronous client and the asynchronous one have the same words."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from pybayeux import AsyncClient, Client, Subscription, SyncSubscription
from pybayeux._client.batch import Batch
from pybayeux.sync import SyncBatch

IN_BATCHES = {"take", "finish"}  # what the loop of a thread does by itself
PAIRS = [(AsyncClient, Client), (Subscription, SyncSubscription), (Batch, SyncBatch)]


def words(kind: type) -> dict[str, Any]:
    """The public names of a class."""
    return {name: value for name, value in vars(kind).items() if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    """The parameters of a method, with their kinds and defaults."""
    found = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default) for each in found]


@pytest.mark.parametrize(("asynchronous", "synchronous"), PAIRS)
def test_both_have_the_same_public_names(asynchronous: type, synchronous: type) -> None:
    # Batches of events are for transactions, which the synchronous client does not have.
    assert _named(asynchronous) - {"batches"} == _named(synchronous)


def _named(kind: type) -> set[str]:
    return {*words(kind), *(["replies"] if kind is Batch else [])} - IN_BATCHES


@pytest.mark.parametrize(("asynchronous", "synchronous"), PAIRS)
def test_methods_have_the_same_parameters_and_docs(asynchronous: type, synchronous: type) -> None:
    others = words(synchronous)
    for name, value in words(asynchronous).items():
        if name in IN_BATCHES or name not in others:
            continue
        other = others[name]
        assert isinstance(value, property) is isinstance(other, property), name
        if callable(value):
            assert parameters(value) == parameters(other), name
        assert _sentence(other) == _sentence(value) or f"See `{asynchronous.__name__}.{name}`" in str(other.__doc__), (
            name
        )


def _sentence(value: Any) -> str:
    """The first sentence of a docstring."""
    text = inspect.getdoc(value)
    assert text, value
    return " ".join(text.split(".")[0].split())


def test_both_clients_take_the_same_arguments() -> None:
    assert inspect.signature(Client) == inspect.signature(AsyncClient)
    assert {"url", "queue_size", "overflow"} <= set(inspect.signature(Client).parameters)
