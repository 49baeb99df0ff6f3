"""Needs this package installed, which the client finds, and pybayeux-devserver, which has the fixture."""

from pybayeux import Client
from pybayeux_devserver import BlockingServer


def test_every_publish_is_signed(bayeux_server: BlockingServer) -> None:
    with Client(bayeux_server.url, options={"signature": {"key": "secret"}}) as client:
        client.publish("/orders", {"number": 1})
    [published] = bayeux_server.recorder.messages("/orders")
    signature = published["ext"]["com.example.signature"]
    assert signature == "5334f839c771446dac527c778cf49714dce46d4aca48d7353a99ec9cb15ab06a"
