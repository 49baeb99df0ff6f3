"""The example with several orgs: one that fails stops no other."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.docs.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pybayeux_salesforce_emulator import BlockingEmulator
    from pybayeux_salesforce_emulator.pytest_plugin import OrgFactory

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _get(url: str) -> tuple[int, Any]:
    try:
        with _OPENER.open(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _table(name: str, org: BlockingEmulator, secret: str) -> str:
    values = {
        "address": org.url,
        "login_url": org.url,
        "client_id": org.credentials.client_id,
        "client_secret": secret,
    }
    return "\n".join([f"[orgs.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())])


def _next(program: Program, pattern: str) -> Any:
    return json.loads(program.until_match(pattern)[-1])


def test_an_org_that_fails_stops_no_other(
    salesforce_org_factory: OrgFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    orgs = {name: salesforce_org_factory() for name in ("eu", "us")}
    for org in orgs.values():
        org.define("/event/Order__e")
    secrets = {name: org.credentials.client_secret for name, org in orgs.items()}
    (tmp_path / "eu.secret").write_text(f"{secrets['eu']}\n")

    def start(us_secret: str) -> Program:
        tables = [_table("eu", orgs["eu"], "file:eu.secret"), _table("us", orgs["us"], us_secret)]
        (tmp_path / "orgs.toml").write_text("\n\n".join(["health_port = 0", *tables]))
        return Program("several_orgs.py", "orgs.toml")

    with start("wrong") as program:
        url = _next(program, "health: ")["message"].removeprefix("health: ")
        failure = _next(program, "started again in")
        assert (failure["org"], failure["level"]) == ("us", "error")
        orgs["eu"].publish("/event/Order__e", {"Number__c": 1})
        order = _next(program, '"order ')
        assert (order["org"], order["message"]) == ("eu", "order 1")
        assert _get(f"{url}/live")[0] == 200
        code, answer = _get(f"{url}/ready")
        assert (code, answer["clients"]["eu"]["ready"], answer["clients"]["us"]["ready"]) == (503, True, False)
        program.terminate()
        code, lines = program.result()
        assert (code, [line for line in lines if secrets["eu"] in line]) == (0, [])
    for number, org in enumerate(orgs.values(), 2):
        org.publish("/event/Order__e", {"Number__c": number})
    with start(secrets["us"]) as program:
        seen = sorted(_next(program, '"order ')["message"] for _ in orgs)
        assert seen == ["order 2", "order 3"]  # the first order is handled once
