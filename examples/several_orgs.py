"""Handles the orders of several Salesforce orgs: `python several_orgs.py orgs.toml`.

Each org has a client, a login, a consumer and a store of its own. One that fails is started again after a while, and
stops no other. `http://127.0.0.1:8081/ready` says how each of them is; SIGTERM ends all. The file:

    health_port = 8081

    [orgs.eu]
    address = "salesforce://acme-eu"
    login_url = "https://acme-eu.my.salesforce.com"
    client_id = "3MVG9..."
    client_secret = "file:eu.secret"
"""

import asyncio
import logging
import signal
import sys
import tomllib
from pathlib import Path
from typing import Any

import pybayeux_salesforce as salesforce
from pybayeux import AsyncClient, HealthServer, JsonFormatter
from pybayeux_auth import ClientCredentialsFlow

PAUSE = 30.0
log = logging.getLogger("orders")


def client_of(name: str, org: dict[str, str]) -> AsyncClient:
    """The client of one org."""
    secret = org["client_secret"]
    if secret.startswith("file:"):
        secret = Path(secret.removeprefix("file:")).read_text().strip()
    login = ClientCredentialsFlow(login_url=org["login_url"], client_id=org["client_id"], client_secret=secret)
    return salesforce.client(
        org["address"], login=login, store=f"sqlite:///{name}.db", consumer=f"orders-{name}", since="earliest"
    )


async def handle_orders(name: str, client: AsyncClient) -> None:
    """Handle the orders of one org, for ever."""
    while True:
        try:
            async with client, client.subscribe("/event/Order__e") as events:
                async for event in events:
                    log.info("order %s", event.data["payload"]["Number__c"], extra={"org": name})
        except Exception as error:
            log.error("failed: %s; started again in %d s", error, PAUSE, extra={"org": name})
        await asyncio.sleep(PAUSE)


async def main(config: dict[str, Any]) -> None:
    """Handle the orders of all orgs, until a signal comes."""
    clients = {name: client_of(name, org) for name, org in config["orgs"].items()}
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with HealthServer(clients, config.get("health_port", 8081)) as health:
        log.info("health: %s", health.url)
        tasks = [asyncio.create_task(handle_orders(name, client)) for name, client in clients.items()]
        await stop.wait()
        for task in tasks:
            task.cancel()  # which stores the positions, and disconnects
        await asyncio.gather(*tasks, return_exceptions=True)


handler = logging.StreamHandler()
handler.setFormatter(JsonFormatter())
logging.basicConfig(level=logging.INFO, handlers=[handler])
asyncio.run(main(tomllib.loads(Path(sys.argv[1]).read_text())))
