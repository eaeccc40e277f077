"""TodoApps that cannot be reconciled never keep the others waiting."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread

import pytest
import urllib3

from testbed.kubernetes.installations import Installation
from testbed.kubernetes.objects import Objects, kind_named
from testbed.kubernetes.quotas import nothing_more
from testbed.waiting import wait_until
from todoapp_operator.kube.kinds import Kind, url

pytestmark = pytest.mark.usefixtures("installed_operator")

BROKEN = 10
WEBHOOK = Kind(
    "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"
)
SERVICE = kind_named("Service")


class Silent(BaseRequestHandler):
    """Takes a connection and says nothing until the server's end."""

    def handle(self) -> None:
        assert isinstance(self.server, SilentServer)
        self.server.callers += 1
        self.server.end.wait()


class SilentServer(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Silent)
        self.callers = 0
        self.end = Event()


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    """A server that never answers, as an admission webhook that hangs."""
    with SilentServer() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.end.set()
        server.shutdown()
        thread.join()


@contextmanager
def hanging_admission(objects: Objects, namespace: str, server: SilentServer) -> Iterator[None]:
    """Let every change of the operator's objects in a namespace hang for as long as the API server allows."""
    address, port = server.server_address[:2]
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["services"]}
    webhook = {
        "name": "hangs.example.com",
        "clientConfig": {"url": f"https://{address!s}:{port}/"},
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "timeoutSeconds": 30,
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    objects.create(WEBHOOK, {"metadata": {"name": namespace}, "webhooks": [webhook]})
    try:
        wait_until(lambda: hangs(objects, namespace, server), what="the API server asks the webhook")
        yield
    finally:
        objects.delete(WEBHOOK, namespace)


def hangs(objects: Objects, namespace: str, server: SilentServer) -> bool:
    """Whether a new Service brings the API server to ask, which it does a moment after it was told to."""
    service = {"metadata": {"name": "probe"}, "spec": {"ports": [{"port": 80}]}}
    with suppress(urllib3.exceptions.TimeoutError):
        objects.ask("POST", url(SERVICE, namespace), service, parameters={"dryRun": "All"}, seconds=1)
    return server.callers > 0


def test_ten_hanging_todoapps_do_not_delay_another(
    installation: Installation, other_namespace: str, silent: SilentServer
) -> None:
    objects = installation.objects
    stuck = [Installation(objects, installation.namespace, f"stuck-{number}") for number in range(BROKEN)]
    with hanging_admission(objects, installation.namespace, silent):
        before = silent.callers
        for todoapp in stuck:
            todoapp.install()
        wait_until(lambda: silent.callers >= before + BROKEN, what="each of the ten hangs")

        healthy = Installation(objects, other_namespace)
        healthy.install()
        healthy.wait_until_ready()
        objects.delete(SERVICE, "todo-api", other_namespace)
        wait_until(lambda: objects.get(SERVICE, "todo-api", other_namespace), what="the Service is back")

        assert not any(each.condition("Ready").get("status") == "True" for each in stuck)

    for todoapp in stuck:
        todoapp.wait_until_ready()


def test_ten_refused_todoapps_do_not_delay_another(installation: Installation, other_namespace: str) -> None:
    objects, namespace = installation.objects, installation.namespace
    refused = [Installation(objects, namespace, f"refused-{number}") for number in range(BROKEN)]
    with nothing_more(objects, namespace, "count/deployments.apps"):
        for todoapp in refused:
            todoapp.install()
        for todoapp in refused:
            todoapp.wait_for("Degraded", "True", "ApplyRefused")

        healthy = Installation(objects, other_namespace)
        healthy.install()
        healthy.wait_until_ready()
