"""How `todoappctl status` logs in, and what it says when it cannot; the API server is a stand-in here."""

import base64
import json
import logging
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from testbed.ports import free_port
from todoapp_operator.commands.status.cluster import Cluster
from todoapp_operator.commands.status.command import status
from todoapp_operator.commands.status.reader import read
from todoapp_operator.kube.kinds import KINDS, Kind
from todoapp_operator.resource.spec import API_VERSION
from todoapp_operator.resource.user_error import UserError

PODS = Kind("v1", "Pod", "pods")
TODOAPP = "/apis/todoapp.dev/v1alpha1/namespaces/home/todoapps/todo"
STORED = {
    "apiVersion": API_VERSION,
    "kind": "TodoApp",
    "metadata": {"name": "todo", "namespace": "home", "uid": "1", "generation": 1},
    "spec": {},
}


class ApiServer(ThreadingHTTPServer):
    """Answers `answers` by path, empty lists otherwise, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []
        self.logins: set[str | None] = set()
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ApiServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        self.server.logins.add(self.headers["Authorization"])
        status, answer = self.server.answers.get(path, (200, {"items": []}))
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


@pytest.fixture
def api_server() -> Iterator[ApiServer]:
    server = ApiServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own: no kubeconfig, no proxy; and a folder for files of keys."""
    keys = tmp_path / "keys"
    keys.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(keys))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)


def kubeconfig(
    file: Path, server: str, user: dict[str, Any] | None = None, authority: str | None = None
) -> Path:
    """One cluster, one user, one context called `test` in the namespace `home`."""
    context = {"cluster": "test", "user": "somebody", "namespace": "home"}
    cluster = {"server": server} | ({"certificate-authority": authority} if authority else {})
    config = {
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "somebody", "user": user or {"token": "secret"}}],
        "contexts": [{"name": "test", "context": context}],
    }
    file.write_text(json.dumps(config))
    return file


def refused(file: Path | None, context: str | None = None) -> str:
    """The sentences with which listing pods fails."""
    with pytest.raises(UserError) as error, Cluster.of_context(file, context) as cluster:
        cluster.list(PODS, "home", "")
    return str(error.value)


def plugin(file: Path, body: str) -> dict[str, Any]:
    """The entry of a user who logs in by a Python program."""
    file.write_text(f"#!{sys.executable}\nimport json, os, sys\n{body}\n")
    file.chmod(0o755)
    return {
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(file), "args": ["log-in"]}
    }


GIVE_TOKEN = """
assert sys.argv[1:] == ["log-in"]
wanted = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print(json.dumps(wanted | {"status": {"token": "of-the-cloud"}}))
"""


def test_token_logs_in(api_server: ApiServer, tmp_path: Path) -> None:
    with Cluster.of_context(kubeconfig(tmp_path / "config", api_server.url), None) as cluster:
        assert cluster.list(PODS, cluster.namespace, "") == []

    assert cluster.namespace == "home"
    assert api_server.logins == {"Bearer secret"}


def test_exec_plugin_logs_in(api_server: ApiServer, tmp_path: Path) -> None:
    user = plugin(tmp_path / "plugin", GIVE_TOKEN)

    with Cluster.of_context(kubeconfig(tmp_path / "config", api_server.url, user), None) as cluster:
        cluster.list(PODS, "home", "")

    assert api_server.logins == {"Bearer of-the-cloud"}


def test_failing_exec_plugin_is_quoted(api_server: ApiServer, tmp_path: Path) -> None:
    user = plugin(tmp_path / "plugin", "sys.exit('run `cloud login` first')")

    sentences = refused(kubeconfig(tmp_path / "config", api_server.url, user))

    assert sentences.startswith(f"The kubeconfig logs in by {tmp_path / 'plugin'}, which failed:")
    assert "run `cloud login` first" in sentences
    assert api_server.asked == []


def test_missing_exec_plugin_is_named_with_its_hint(api_server: ApiServer, tmp_path: Path) -> None:
    user = plugin(tmp_path / "plugin", "")
    user["exec"] |= {"command": "cloud-auth-plugin", "installHint": "Install it by gcloud."}

    sentences = refused(kubeconfig(tmp_path / "config", api_server.url, user))

    assert sentences == (
        "The kubeconfig logs in by cloud-auth-plugin, which is not on the PATH.\nInstall it by gcloud."
    )


def test_logging_in_leaves_the_logs_alone(api_server: ApiServer, tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)

    refused(kubeconfig(tmp_path / "config", api_server.url, plugin(tmp_path / "plugin", "sys.exit(1)")))

    assert logging.getLogger().handlers == before


def test_kubeconfig_of_several_files_is_one(
    api_server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json.loads(kubeconfig(tmp_path / "config", api_server.url).read_text())
    users = {"users": whole.pop("users")}
    for name, part in {"clusters": whole, "users": users}.items():
        (tmp_path / name).write_text(json.dumps(part))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'absent'}:{tmp_path / 'clusters'}:{tmp_path / 'users'}")

    with Cluster.of_context(None, None) as cluster:
        cluster.list(PODS, "home", "")

    assert api_server.logins == {"Bearer secret"}


def test_kubeconfig_of_the_home_is_the_default(api_server: ApiServer, tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    kubeconfig(tmp_path / ".kube/config", api_server.url)

    with Cluster.of_context(None, "test") as cluster:
        cluster.list(PODS, "home", "")

    assert api_server.logins == {"Bearer secret"}


@pytest.fixture
def service_account(api_server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the kubelet tells a pod in the namespace `work`: where the API server is, and who the pod is."""
    speak_tls(api_server, trustme.CA(), tmp_path / "ca.crt")
    (tmp_path / "token").write_text("of-the-pod")
    (tmp_path / "namespace").write_text("work")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(api_server.server_port))
    return tmp_path


def speak_tls(api_server: ApiServer, authority: trustme.CA, file: Path) -> None:
    """Write the authority's certificate to `file`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    api_server.socket = context.wrap_socket(api_server.socket, server_side=True)
    api_server.scheme = "https"
    authority.cert_pem.write_to_path(file)


def test_pod_logs_in_as_its_service_account(api_server: ApiServer, service_account: Path) -> None:
    with Cluster.of_context(None, None, service_account=service_account) as cluster:
        assert cluster.list(PODS, cluster.namespace, "") == []

    assert cluster.namespace == "work"
    assert api_server.logins == {"bearer of-the-pod"}


def test_pod_with_a_kubeconfig_logs_in_by_it(
    api_server: ApiServer, service_account: Path, tmp_path: Path
) -> None:
    file = kubeconfig(tmp_path / "config", api_server.url, authority="ca.crt")

    with Cluster.of_context(file, None, service_account=service_account) as cluster:
        cluster.list(PODS, "home", "")

    assert api_server.logins == {"Bearer secret"}


@pytest.mark.parametrize(("file", "context"), [("absent", None), (None, "test")])
def test_pod_takes_no_other_login_than_chosen(
    service_account: Path, file: str | None, context: str | None
) -> None:
    with (
        pytest.raises(UserError, match="There is no kubeconfig"),
        Cluster.of_context(
            service_account / file if file else None, context, service_account=service_account
        ),
    ):
        pass


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("token", "There is no kubeconfig "),
        ("ca.crt", "The pod's service account cannot be used: Service certification file does not exist"),
        ("namespace", "The pod's service account cannot be used: "),
    ],
)
def test_incomplete_service_account_is_reported(service_account: Path, file: str, told: str) -> None:
    (service_account / file).unlink()

    with (
        pytest.raises(UserError, match=f"^{told}"),
        Cluster.of_context(None, None, service_account=service_account),
    ):
        pass


def test_missing_kubeconfig_is_reported(tmp_path: Path) -> None:
    assert refused(None) == (
        f"There is no kubeconfig {tmp_path}/.kube/config; name one by --kubeconfig or by KUBECONFIG."
    )


def test_unknown_context_is_reported_with_the_known_ones(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config", "http://127.0.0.1:1")

    assert refused(file, "other") == f"The kubeconfig {file} has no context other; it has test."


def test_missing_current_context_is_reported(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config", "http://127.0.0.1:1")
    file.write_text(file.read_text().replace("current-context", "ignored"))

    assert refused(file) == f"The kubeconfig {file} chooses no context; name one by --context (it has test)."


@pytest.mark.parametrize(
    "content", ["", "a: [", "- list", "contexts: 7", "current-context: a\ncontexts: [{}]"]
)
def test_malformed_kubeconfig_is_reported(content: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(content)

    assert str(tmp_path / "config") in refused(tmp_path / "config")


def test_broken_certificate_in_kubeconfig_is_reported(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", authority="absent.pem")

    assert refused(file) == f"The kubeconfig cannot be used: File does not exist: {tmp_path}/absent.pem."


def test_unreachable_server_is_reported(tmp_path: Path) -> None:
    port = free_port()

    sentences = refused(kubeconfig(tmp_path / "config", f"https://127.0.0.1:{port}"))

    assert sentences.startswith(
        f"https://127.0.0.1:{port} does not answer: Connection refused. Is the cluster"
    )


@pytest.mark.parametrize("known", [True, False])
def test_server_is_trusted_by_its_authority_only(
    api_server: ApiServer, tmp_path: Path, *, known: bool
) -> None:
    speak_tls(api_server, trustme.CA(), tmp_path / "ca.pem")
    if not known:
        trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    file = kubeconfig(tmp_path / "config", api_server.url, authority="ca.pem")

    if known:
        with Cluster.of_context(file, None) as cluster:
            assert cluster.list(PODS, "home", "") == []
    else:
        assert refused(file).startswith(f"{api_server.url} is not trusted: [SSL: CERTIFICATE_VERIFY_FAILED]")


def test_files_of_keys_are_removed(api_server: ApiServer, tmp_path: Path) -> None:
    leaf = trustme.CA().issue_cert("client.invalid")
    user = {
        "client-certificate-data": _base64(leaf.cert_chain_pems[0].bytes()),
        "client-key-data": _base64(leaf.private_key_pem.bytes()),
    }
    file = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user)

    with Cluster.of_context(file, None):
        written = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
        modes = {path.stat().st_mode & 0o777 for path in written}

    assert (len(written), modes) == (2, {0o600})
    assert list((tmp_path / "keys").iterdir()) == []


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("status", "answer", "remedy"),
    [
        (401, {"message": "Unauthorized"}, "The API server does not know who you are; log in again"),
        (403, {"message": "todoapps is forbidden", "details": {}}, "Ask an administrator of the cluster"),
        (404, {"message": "not found", "details": {}}, "No TodoApp of this name is in the namespace home"),
        (404, "404 page not found\n", "The cluster does not know TodoApps. Install the operator first"),
        (503, "no backend", "Try again in a moment."),
    ],
)
def test_remedy_follows_the_status(
    api_server: ApiServer, tmp_path: Path, status: int, answer: Any, remedy: str
) -> None:
    api_server.answers[TODOAPP] = status, answer
    file = kubeconfig(tmp_path / "config", api_server.url)

    with pytest.raises(UserError) as error, Cluster.of_context(file, None) as cluster:
        read(cluster, "todo", None)

    said, told = error.value.sentences
    assert said.startswith(f"The API server answers {status}: ")
    assert told.startswith(remedy)


def test_every_kind_is_asked_for_but_secrets(api_server: ApiServer, tmp_path: Path) -> None:
    api_server.answers[TODOAPP] = 200, STORED

    with Cluster.of_context(kubeconfig(tmp_path / "config", api_server.url), None) as cluster:
        assert read(cluster, "todo", None).unknown == ()

    plurals = {path.rpartition("/")[2] for path in api_server.asked} - {"todo"}
    assert plurals == {kind.plural for kind in KINDS} | {"pods", "replicasets"}
    assert "secrets" not in plurals


def test_kinds_that_may_not_be_listed_are_reported(api_server: ApiServer, tmp_path: Path) -> None:
    api_server.answers[TODOAPP] = 200, STORED
    jobs, pods = "/apis/batch/v1/namespaces/home/jobs", "/api/v1/namespaces/home/pods"
    api_server.answers[jobs] = 403, {"message": "jobs.batch is forbidden", "details": {}}
    api_server.answers[pods] = 404, "404 page not found\n"

    with Cluster.of_context(kubeconfig(tmp_path / "config", api_server.url), None) as cluster:
        assert read(cluster, "todo", None).unknown == ("jobs.batch is forbidden",)


@pytest.mark.parametrize(("command", "starts_kopf"), [("--help", False), ("operate", True)])
def test_other_commands_start_without_the_client(command: str, tmp_path: Path, *, starts_kopf: bool) -> None:
    """It costs time and memory, and Kopf would import it wherever it is installed."""
    code = f"""
import sys
from todoapp_operator.cli import cli
from todoapp_operator.resource.user_error import UserError
try:
    cli(["{command}"], standalone_mode=False)
except UserError as error:
    assert "does not know where the API server is" in str(error)
print("kopf" in sys.modules, any(name.startswith("kubernetes.") for name in sys.modules))
try:
    import kubernetes
except ImportError:
    print("hidden")
"""
    child = subprocess.run(
        [sys.executable, "-c", code], env={"HOME": str(tmp_path)}, stdout=subprocess.PIPE, text=True
    )

    hidden = ["hidden"] if starts_kopf else []
    assert child.stdout.splitlines()[-1 - len(hidden) :] == [f"{starts_kopf} False", *hidden]


def test_missing_client_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = (
        "kubernetes.",
        "todoapp_operator.commands.status.cluster",
        "todoapp_operator.commands.status.reader",
    )
    for name in [name for name in sys.modules if name.startswith(loaded)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "kubernetes", None)

    with pytest.raises(UserError, match=r"run: pip install 'todoapp\[operator,status\]'"):
        status("todo")
