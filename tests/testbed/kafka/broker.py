"""A real Kafka broker, one for all tests: passwords and client certificates over TLS, and ACLs."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from confluent_kafka.admin import AdminClient
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from testbed.control_plane.artifacts.cache import Report, made_once
from testbed.control_plane.artifacts.maven import MavenArchives
from testbed.control_plane.artifacts.programs import output_of
from testbed.control_plane.artifacts.toolchains import JAVA
from testbed.control_plane.process_group import ProcessGroup
from testbed.ports import free_port, is_open
from testbed.waiting import wait_until

__all__ = ["Account", "Kafka", "installed_kafka", "kafka", "running_kafka"]

ARCHIVES = MavenArchives("kafka", Path(__file__).parents[1] / "tools" / "kafka" / "pom.xml")
CLUSTER_ID = "dG9kb2FwcC10ZXN0YmVkMQ"
START_SECONDS = 120

# A short-lived server on a busy machine does not gain from the second compiler.
JVM = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

Account = Mapping[str, str]
"""Where and as whom a client connects, in librdkafka's words."""


@dataclass(frozen=True)
class Ports:
    """The broker's four listeners on loopback."""

    administrator: int
    password: int
    certificate: int
    controller: int

    @property
    def administrator_address(self) -> str:
        return f"127.0.0.1:{self.administrator}"


@dataclass(frozen=True)
class Kafka:
    """A broker and the authorities it trusts. Without an ACL, a user may do nothing."""

    ports: Ports
    authority: trustme.CA
    restart: Callable[[], None] = field(repr=False)
    """End the broker as a crash would, and start it with what it has on disk."""

    @property
    def administrator(self) -> Account:
        """May do everything, and needs no password."""
        return {"bootstrap.servers": self.ports.administrator_address}

    def by_password(self, user: str, password: str) -> Account:
        """The principal `User:<user>`, by SCRAM-SHA-512 over TLS."""
        return self._over_tls(self.ports.password) | {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": password,
        }

    def by_certificate(self, user: str, *, authority: trustme.CA | None = None) -> Account:
        """The principal `User:CN=<user>`, if `authority`, the broker's own by default, is one it trusts."""
        certificate = (authority or self.authority).issue_cert("client.invalid", common_name=user)
        return self._over_tls(self.ports.certificate) | {
            "security.protocol": "SSL",
            "ssl.certificate.pem": certificate.cert_chain_pems[0].bytes().decode(),
            "ssl.key.pem": certificate.private_key_pem.bytes().decode(),
        }

    def _over_tls(self, port: int) -> dict[str, str]:
        return {
            "bootstrap.servers": f"localhost:{port}",
            "ssl.ca.pem": self.authority.cert_pem.bytes().decode(),
        }


@pytest.fixture(scope="session")
def kafka(report: Report, tmp_path_factory: pytest.TempPathFactory, group_parts: ExitStack) -> Kafka:
    return group_parts.enter_context(running_kafka(tmp_path_factory.mktemp("kafka"), report))


def installed_kafka(report: Report) -> Path:
    """Kafka's archives and a formatted disk, fetched now if this machine never did.

    Raises:
        UserError: Java or Maven is missing, or one of them failed.
    """
    return made_once(f"kafka-{ARCHIVES.version}", lambda made: _install(made, report), report)


@contextmanager
def running_kafka(folder: Path, report: Report) -> Iterator[Kafka]:
    """Start a broker that keeps all of its files in `folder`; at the end it is killed.

    Raises:
        UserError: Java or Maven is missing, or one of them failed.
        AssertionError: the broker does not start; the message holds its log.
    """
    installation = installed_kafka(report)
    ports, authority = Ports(free_port(), free_port(), free_port(), free_port()), trustme.CA()
    shutil.copytree(installation / "data", folder / "data")
    _write_certificates(authority, folder)
    properties = folder / "server.properties"
    properties.write_text(_as_text(_properties(ports, folder)))
    command = [str(JAVA.command()), *_java(installation, "kafka.Kafka"), str(properties)]
    with ProcessGroup() as processes:

        def started() -> subprocess.Popen[bytes]:
            return _started(command, folder / "log", processes, ports)

        process = started()

        def restart() -> None:
            nonlocal process
            process.kill()
            process.wait()
            process = started()

        yield Kafka(ports, authority, restart)


def _started(
    command: Sequence[str], log: Path, processes: ProcessGroup, ports: Ports
) -> subprocess.Popen[bytes]:
    """Start a broker, and wait until it answers."""
    process = processes.start(command, log=log)

    def listening() -> bool:
        assert process.poll() is None, f"Kafka ended:\n{log.read_text()}"
        return is_open(ports.administrator)

    wait_until(listening, what="Kafka listens", seconds=START_SECONDS)
    AdminClient({"bootstrap.servers": ports.administrator_address}).list_topics(timeout=START_SECONDS)
    return process


def _install(folder: Path, report: Report) -> None:
    """Fetch the broker, and format the storage that each new broker starts with."""
    report(f"fetching kafka {ARCHIVES.version}, once on this machine")
    ARCHIVES.copy_into(folder / "libs")
    properties = folder / "server.properties"
    properties.write_text(_as_text(_properties(Ports(9092, 9093, 9094, 9095), folder)))
    tool = _java(folder, "kafka.tools.StorageTool")
    output_of(JAVA.command(), *tool, "format", "--cluster-id", CLUSTER_ID, "--config", str(properties))


def _java(installation: Path, program: str) -> list[str]:
    return [*JVM, "-Dorg.apache.logging.log4j.level=WARN", "-cp", f"{installation / 'libs'}/*", program]


def _properties(ports: Ports, folder: Path) -> dict[str, str]:
    """What Strimzi gives a broker with the listeners and the authorization of ours, as far as one has it."""
    listeners = {
        "ADMINISTRATOR": f"127.0.0.1:{ports.administrator}",
        "PASSWORD": f"localhost:{ports.password}",
        "CERTIFICATE": f"localhost:{ports.certificate}",
        "CONTROLLER": f"127.0.0.1:{ports.controller}",
    }
    single = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "ADMINISTRATOR",
        "listener.security.protocol.map": (
            "ADMINISTRATOR:PLAINTEXT,PASSWORD:SASL_SSL,CERTIFICATE:SSL,CONTROLLER:PLAINTEXT"
        ),
        "listeners": ",".join(f"{name}://{address}" for name, address in listeners.items()),
        "controller.quorum.voters": f"1@127.0.0.1:{ports.controller}",
        "log.dirs": str(folder / "data"),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.password.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "listener.name.certificate.ssl.client.auth": "required",
        # Strimzi's certificates have a common name and nothing else.
        "ssl.principal.mapping.rules": "RULE:^.*(CN=[^,]+).*$/$1/,DEFAULT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        **{f"{topic}.replication.factor": "1" for topic in single},
        **{f"{topic}.min.isr": "1" for topic in single},
        "offsets.topic.num.partitions": "2",
    }


def _as_text(properties: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def _write_certificates(authority: trustme.CA, folder: Path) -> None:
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    key = load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    # Kafka reads no other format of a private key.
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "broker.pem").write_bytes(pkcs8 + certificate.cert_chain_pems[0].bytes())
    authority.cert_pem.write_to_path(folder / "ca.pem")
