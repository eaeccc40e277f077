"""The PostgreSQL server that CloudNativePG would run for a TodoApp's own database."""

from testbed.kubernetes.objects import POD, Objects, kind_named
from testbed.node.images import POSTGRESQL
from testbed.node.layers import POSTGRESQL as INSTALLED
from todoapp_operator.kube.manifest import Manifest

__all__ = ["run_postgresql"]

_PORT = 5432
_LABEL = "cnpg.io/cluster"
_PROGRAMS = INSTALLED / "bin"
_SCRIPT = f"""
set -e
echo secret > /data/password
{_PROGRAMS}/initdb --pgdata=/data/files --username=app --pwfile=/data/password --auth-local=trust \
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 \
    --no-sync
echo 'CREATE DATABASE app' | {_PROGRAMS}/postgres --single -D /data/files postgres
echo 'host all all all scram-sha-256' >> /data/files/pg_hba.conf
exec {_PROGRAMS}/postgres -D /data/files -k /data -c 'listen_addresses=*' -c fsync=off
"""


def run_postgresql(objects: Objects, cluster: str, namespace: str) -> None:
    """Serve the database `app` to the user `app` with the password `secret`, as `<cluster>-rw`."""
    objects.apply(POD, _pod(cluster), namespace)
    objects.apply(kind_named("Service"), _service(cluster), namespace)


def _pod(cluster: str) -> Manifest:
    container = {
        "name": "postgres",
        "image": POSTGRESQL,
        "args": [_SCRIPT],
        "readinessProbe": {"tcpSocket": {"port": _PORT}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{cluster}-1", "labels": {_LABEL: cluster}},
        "spec": {
            # initdb refuses to run as root.
            "securityContext": {"runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001},
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
    }


def _service(cluster: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{cluster}-rw"},
        "spec": {"selector": {_LABEL: cluster}, "ports": [{"port": _PORT}]},
    }
