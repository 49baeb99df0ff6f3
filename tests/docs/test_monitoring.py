"""The dashboard and the alert rules ask for what the extension really sends."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import promql_parser
import pytest
import yaml

from tests.docs.program import EXAMPLES
from tests.support.exported_metrics import exported_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER: Final = EXAMPLES / "monitoring"
Sent = dict[str, dict[str, set[str]]]
_SCRAPED: Final = {"job", "instance"}
"""Labels that Prometheus adds."""
_VARIABLES: Final = {"$__rate_interval": "5m", "${datasource}": "", "$job": ".*", "$instance": ".*"}
_RULES: Final = [
    rule for group in yaml.safe_load((_FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
_DASHBOARD: Final = json.loads((_FOLDER / "grafana.json").read_text())
_TARGETS: Final = [target for panel in _DASHBOARD["panels"] for target in panel["targets"]]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """The labels of each series that Prometheus gets, by its name, and the values of each label."""
    return exported_labels(tmp_path_factory.mktemp("metrics"))


def _parsed(query: str) -> promql_parser.Expr:
    for name, value in _VARIABLES.items():
        query = query.replace(name, value)
    return promql_parser.parse(query)


def _selectors(expression: Any) -> Iterator[Any]:
    """Every selector of series in an expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    inner = [getattr(expression, name, None) for name in ("expr", "lhs", "rhs", "vector_selector")]
    for each in (*inner, *getattr(expression, "args", [])):
        if each is not None:
            yield from _selectors(each)


def _groupings(expression: Any) -> Iterator[tuple[Any, list[str]]]:
    """Every aggregation in an expression, with the labels that it keeps."""
    if isinstance(expression, promql_parser.AggregateExpr):
        yield expression, [] if expression.modifier is None else expression.modifier.labels
    inner = [getattr(expression, name, None) for name in ("expr", "lhs", "rhs")]
    for each in (*inner, *getattr(expression, "args", [])):
        if each is not None:
            yield from _groupings(each)


def _check(query: str, sent: Sent) -> None:
    expression = _parsed(query)
    for selector in _selectors(expression):
        assert selector.name in sent, query
        for matcher in selector.matchers.matchers:
            assert matcher.name in sent[selector.name].keys() | _SCRAPED, query
            if matcher.op == promql_parser.MatchOp.Equal:
                assert matcher.value in sent[selector.name][matcher.name], query
    for aggregation, labels in _groupings(expression):
        for selector in _selectors(aggregation):
            assert set(labels) <= sent[selector.name].keys() | _SCRAPED, query


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: str(rule["alert"]))
def test_alert_rules_ask_for_what_is_sent(rule: dict[str, Any], sent: Sent) -> None:
    _check(rule["expr"], sent)
    assert rule["labels"]["severity"] in ("warning", "critical")
    selected = [set(sent[each.name]) for each in _selectors(_parsed(rule["expr"]))]
    for label in re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())):
        assert label in set.intersection(*selected) | _SCRAPED


@pytest.mark.parametrize("target", _TARGETS, ids=lambda target: str(target["expr"])[:60])
def test_panels_ask_for_what_is_sent(target: dict[str, Any], sent: Sent) -> None:
    _check(target["expr"], sent)
    known = set.union(*(set(sent[each.name]) for each in _selectors(_parsed(target["expr"]))))
    assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= known | _SCRAPED


def test_variables_ask_for_what_is_sent(sent: Sent) -> None:
    queries = [each["query"]["query"] for each in _DASHBOARD["templating"]["list"] if each["type"] == "query"]
    for query in queries:
        found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
        assert found is not None
        _check(found[1], sent)
        assert found[2] in _SCRAPED


def test_every_metric_is_on_the_dashboard(sent: Sent) -> None:
    shown = {each.name for target in _TARGETS for each in _selectors(_parsed(target["expr"]))}
    histograms = {name.removesuffix("_bucket") for name in sent if name.endswith("_bucket")}
    parts = {f"{name}_{part}" for name in histograms for part in ("count", "sum")}
    assert shown == {name for name in sent if name.startswith("bayeux_")} - parts


def test_panels_do_not_overlap() -> None:
    places: set[tuple[int, int]] = set()
    for panel in _DASHBOARD["panels"]:
        grid = panel["gridPos"]
        cells = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
        assert not cells & places, panel["title"]
        assert grid["x"] + grid["w"] <= 24
        places |= cells
    assert len({panel["id"] for panel in _DASHBOARD["panels"]}) == len(_DASHBOARD["panels"])
