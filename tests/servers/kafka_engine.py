"""Kafka in KRaft mode, from Maven Central: broker and controller in one small process."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.servers.build import Build, require_tool
from tests.servers.engine import Engine
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("KafkaEngine", "prepare")

_FOLDER: Final = Path(__file__).parent / "kafka"
_BUILD: Final = Build(
    folder=_FOLDER,
    sources=("pom.xml",),
    output="target",
    tool=("mvn", 3),
    arguments=("--batch-mode", "--quiet", "compile"),
)
_JVM: Final = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_CLUSTER: Final = "MkU3OEVBNTcwNTJENDM2Qg"
_READING: Final = {
    "group.id": "tests",
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "fetch.wait.max.ms": 10,  # of half a second, in which the broker hopes for more at the end of a partition
}
_TIMEOUT: Final = 5.0
_PAUSE: Final = 0.02


def prepare() -> None:
    """Fetch Kafka if need be.

    Raises:
        MissingTool: Java 17 or Maven is missing.
        BuildError: It cannot be fetched.
    """
    require_tool("java", 17)
    _BUILD.ensure()


class KafkaEngine(Engine):
    """A Kafka broker. Topics have one partition unless their creator says otherwise.

    Raises:
        MissingTool: Java 17 or Maven is missing.
        BuildError: It cannot be fetched.
    """

    end: ClassVar[str] = "TERM"
    """A Java program that a shell starts in the background ignores SIGINT."""

    def __init__(self) -> None:
        prepare()
        super().__init__("kafka")
        self._java: Final = (require_tool("java", 17), *_JVM, "-cp", str(_BUILD.folder / _BUILD.output / "lib" / "*"))
        self._settings: Final = self.folder / "server.properties"

    @property
    def url(self) -> str:
        """What the name of a target begins with."""
        return f"kafka://127.0.0.1:{self.port}"

    @property
    def config(self) -> dict[str, Any]:
        """What a client is given."""
        return {"bootstrap.servers": f"127.0.0.1:{self.port}", "log_level": 0}

    def command(self) -> Sequence[str]:
        """Return the program and its arguments, after its folder is set up."""
        if not self._settings.exists():
            self._set_up()
        return [*self._java, "kafka.Kafka", str(self._settings)]

    def _set_up(self) -> None:
        controller = free_port()
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self.folder / "data",
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "broker.session.timeout.ms": 2000,  # so long one that was killed may not come back
            "broker.heartbeat.interval.ms": 500,
            "num.network.threads": 1,
            "num.io.threads": 2,
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": 100,
            "log.cleaner.enable": "false",
        }
        self._settings.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        tool = [*self._java, "kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(self._settings)]
        subprocess.run(tool, check=True, capture_output=True)

    def answers(self) -> bool:
        """Whether it serves requests now."""
        try:
            return bool(AdminClient(self.config).list_topics(timeout=1).brokers)
        except KafkaException:
            return False

    def topics(self) -> list[str]:
        """The topics that clients have made."""
        found = AdminClient(self.config).list_topics(timeout=_TIMEOUT).topics
        return [name for name in found if not name.startswith("__")]

    def values(self, topic: str) -> list[bytes]:
        """The messages of the first partition of a topic that are committed; none where the topic is missing."""
        if topic not in self.topics():
            return []
        reader, found = Consumer({**self.config, **_READING}), list[bytes]()
        reader.assign([TopicPartition(topic, 0, 0)])
        while (message := reader.poll(_TIMEOUT)) is not None and message.error() is None:
            found.append(message.value() or b"")
        reader.close()
        assert message is not None, f"{topic} has no end"
        return found

    def publish(self, topic: str, value: bytes) -> None:
        """Write a message in no transaction."""
        producer = Producer(self.config)
        producer.produce(topic, value)
        assert producer.flush(_TIMEOUT) == 0, f"{topic} cannot be written"

    def clear(self) -> None:
        """Delete all topics."""
        admin = AdminClient(self.config)  # lives until the answers are there
        while topics := self.topics():
            for done in admin.delete_topics(topics, request_timeout=_TIMEOUT).values():
                done.result()
            time.sleep(_PAUSE)
