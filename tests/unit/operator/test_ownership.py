"""Nothing of somebody else's is counted, changed, waited for or deleted, even with our labels."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from testbed.kubernetes.offline import OfflineOperator, StandIn
from todoapp_operator.kube.kinds import KINDS, url
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.children import child_of
from todoapp_operator.reconcile.finalizer import FINALIZER, TODOAPP
from todoapp_operator.reconcile.ownership import AppKey, Owner, standing_of
from todoapp_operator.reconcile.referenced_secrets import SECRET
from todoapp_operator.render.identity import (
    ADOPT_ANNOTATION,
    MANAGER,
    MANAGER_LABEL,
    NAME_LABEL,
    NAMESPACE_LABEL,
    PLACE_LABEL,
    RELEASE_LABEL,
    UID_LABEL,
)

CLUSTER, CONFIG_MAP, DEPLOYMENT, JOB, KAFKA_TOPIC, KAFKA_USER, NETWORK_POLICY, ROLE, SERVICE = (
    next(kind for kind in KINDS if kind.name == name)
    for name in (
        "Cluster",
        "ConfigMap",
        "Deployment",
        "Job",
        "KafkaTopic",
        "KafkaUser",
        "NetworkPolicy",
        "Role",
        "Service",
    )
)
HOME = AppKey("home", "todo")
ELSEWHERE: dict[str, Any] = {
    "image": "example.com/todoapp:1",
    "database": {"secretRef": {"name": "database", "key": "url"}},
    "broker": {"kafka": {"brokers": ["kafka.example.com:9092"]}},
}
STRIMZI = ELSEWHERE | {"broker": {"strimzi": {"cluster": "kafka", "namespace": "kafka"}}}
LABELS = {MANAGER_LABEL: MANAGER, NAMESPACE_LABEL: "home", NAME_LABEL: "todo"}
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True", "message": "of a stranger"}]}
AVAILABLE = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}
ROLLED_OUT = AVAILABLE | {
    "observedGeneration": 9,
    "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
}


@pytest.fixture
async def operator() -> AsyncIterator[OfflineOperator]:
    async with OfflineOperator.working(StandIn()) as operator:
        secret = {"metadata": {"name": "database", "namespace": "home"}, "data": {"url": "eA=="}}
        operator.stand_in.put(SECRET, secret)
        yield operator


@pytest.fixture
def cluster(operator: OfflineOperator) -> StandIn:
    return operator.stand_in


async def serve(operator: OfflineOperator, key: AppKey = HOME) -> None:
    """Reconcile until every pod is there, as Kubernetes' own controllers do."""
    await operator.reconcile(key)
    for kind, status in ((JOB, COMPLETE), (DEPLOYMENT, ROLLED_OUT)):
        for each in operator.stand_in.of_kind(kind):
            if each["metadata"]["namespace"] == key.namespace:
                operator.stand_in.change(kind, key.namespace, each["metadata"]["name"], status=status)
        await operator.reconcile(key)


def copy_of(manifest: Manifest, namespace: str, **parts: Any) -> Manifest:
    """What `get -o yaml | sed | apply` makes of an object in another namespace."""
    kept = ("labels", "annotations", "ownerReferences", "name")
    metadata = {name: manifest["metadata"][name] for name in kept if name in manifest["metadata"]}
    return {**manifest, "metadata": {**metadata, "namespace": namespace}, **parts}


def metadata_of(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": "home", **more}


# A stranger in another namespace, with our labels.


async def test_failed_job_of_a_stranger_stops_no_rollout(operator: OfflineOperator, cluster: StandIn) -> None:
    operator.install(ELSEWHERE)
    await serve(operator)
    [job] = cluster.of_kind(JOB)
    # It is told after the own one, so that it would speak for both.
    cluster.put(JOB, copy_of(job, "attacker", status=FAILED), manager=MANAGER)
    cluster.objects[url(JOB, "home", job["metadata"]["name"])] = cluster.objects.pop(
        url(JOB, "home", job["metadata"]["name"])
    )

    operator.install(ELSEWHERE | {"api": {"replicas": 2}})
    await serve(operator)

    assert operator.status(HOME)["MigrationsApplied"] == ("True", "Migrated")
    deployment = cluster.get(DEPLOYMENT, "home", "todo-api")
    assert deployment
    assert deployment["spec"]["replicas"] == 2


async def test_successful_job_of_a_stranger_starts_no_pod(
    operator: OfflineOperator, cluster: StandIn
) -> None:
    operator.install(ELSEWHERE)
    await operator.reconcile(HOME)
    [job] = cluster.of_kind(JOB)
    cluster.put(JOB, copy_of(job, "attacker", status=COMPLETE), manager=MANAGER)

    await operator.reconcile(HOME)

    assert operator.status(HOME)["MigrationsApplied"] == ("False", "Migrating")
    assert cluster.of_kind(DEPLOYMENT) == []


async def test_deployment_of_a_stranger_counts_no_pod(operator: OfflineOperator, cluster: StandIn) -> None:
    operator.install(ELSEWHERE)
    await serve(operator)
    for deployment in cluster.of_kind(DEPLOYMENT):
        copy = copy_of(deployment, "attacker", status={"conditions": []})
        cluster.put(DEPLOYMENT, copy, manager=MANAGER)

    await operator.reconcile(HOME)

    assert operator.status(HOME)["Ready"] == ("True", "Available")


async def test_service_of_a_stranger_chooses_no_release(operator: OfflineOperator, cluster: StandIn) -> None:
    service = {
        "metadata": {"name": "a", "namespace": "attacker", "labels": LABELS},
        "spec": {"selector": {RELEASE_LABEL: "theirs"}},
    }
    cluster.put(SERVICE, service, manager=MANAGER)
    operator.install(ELSEWHERE | {"rollout": {"strategy": "BlueGreen"}})

    await serve(operator)

    own = cluster.get(SERVICE, "home", "todo-api")
    assert own
    assert own["spec"]["selector"].get(RELEASE_LABEL) != "theirs"


async def test_object_of_a_stranger_blocks_no_deletion(operator: OfflineOperator, cluster: StandIn) -> None:
    operator.install(STRIMZI)
    await operator.reconcile(HOME)
    todoapp = cluster.get(TODOAPP, *HOME)
    assert todoapp
    uid = todoapp["metadata"]["uid"]
    held = {"namespace": "attacker", "finalizers": ["example.com/hold"]}
    known = LABELS | {UID_LABEL: uid, PLACE_LABEL: "attacker"}
    cluster.put(CONFIG_MAP, {"metadata": {**held, "name": "a", "labels": LABELS}}, manager=MANAGER)
    # One who knows the uid may also write topics in a namespace without Kafka.
    cluster.put(KAFKA_TOPIC, {"metadata": {**held, "name": "b", "labels": known}}, manager=MANAGER)
    cluster.change(TODOAPP, *HOME, metadata={"deletionTimestamp": "2030-01-01T00:00:00Z"})

    await operator.reconcile(HOME)
    await operator.reconcile(HOME)

    todoapp = cluster.get(TODOAPP, *HOME)
    assert todoapp
    assert FINALIZER not in todoapp["metadata"].get("finalizers", ())
    config_map = cluster.get(CONFIG_MAP, "attacker", "a")
    assert config_map
    assert "deletionTimestamp" not in config_map["metadata"]
    assert {each["metadata"]["namespace"] for each in cluster.of_kind(KAFKA_TOPIC)} == {"attacker"}


async def test_copies_in_another_namespace_are_left_alone(
    operator: OfflineOperator, cluster: StandIn
) -> None:
    operator.install(ELSEWHERE | {"database": {"cluster": {}}})
    await operator.reconcile(HOME)
    for kind in (SERVICE, NETWORK_POLICY, SECRET, CLUSTER):
        original = next(each for each in cluster.of_kind(kind) if MANAGER in str(each["metadata"]))
        cluster.put(kind, copy_of(original, "restored"), manager=MANAGER)
    before = [each for each in cluster.objects.values() if each["metadata"]["namespace"] == "restored"]

    await operator.reconcile(HOME)

    after = [each for each in cluster.objects.values() if each["metadata"]["namespace"] == "restored"]
    assert len(before) == 4
    assert after == before
    todoapp = cluster.get(TODOAPP, *HOME)
    assert todoapp
    assert FINALIZER not in todoapp["metadata"].get("finalizers", ())


async def test_restored_copy_of_kafkas_namespace_is_left_alone(
    operator: OfflineOperator, cluster: StandIn
) -> None:
    operator.install(STRIMZI)
    await operator.reconcile(HOME)
    topics = cluster.of_kind(KAFKA_TOPIC)
    for topic in topics:
        cluster.put(KAFKA_TOPIC, copy_of(topic, "kafka-restored"), manager=MANAGER)

    await operator.reconcile(HOME)
    cluster.change(TODOAPP, *HOME, metadata={"deletionTimestamp": "2030-01-01T00:00:00Z"})
    await operator.reconcile(HOME)

    assert topics
    left = [each["metadata"]["namespace"] for each in cluster.of_kind(KAFKA_TOPIC)]
    assert left == ["kafka-restored"] * len(topics)


# Somebody else's object with a name that is needed.

THEIR_DATABASE: Manifest = {
    "metadata": metadata_of("todo-database"),
    "spec": {"instances": 3, "storage": {"size": "50Gi", "storageClass": "fast"}},
}
THEIR_SERVICE: Manifest = {
    "metadata": metadata_of("todo-api", labels={"app": "precious"}),
    "spec": {"type": "NodePort", "selector": {"app": "precious"}, "ports": [{"port": 80}]},
}


async def test_database_of_the_users_is_never_touched(operator: OfflineOperator, cluster: StandIn) -> None:
    theirs = cluster.put(CLUSTER, THEIR_DATABASE)
    operator.install(ELSEWHERE | {"database": {"cluster": {"deletionPolicy": "Delete"}}})

    [message] = await operator.reconcile(HOME)

    assert message.startswith("Cluster home/todo-database belongs to somebody else")
    assert "spec.database.secretRef" in message
    assert cluster.get(CLUSTER, "home", "todo-database") == theirs
    status = operator.status(HOME)
    assert status["Ready"] == status["DatabaseReady"] == ("False", "NameTaken")
    assert status["Degraded"] == ("True", "NameTaken")
    # Pods would work with their database.
    assert cluster.of_kind(JOB) == cluster.of_kind(DEPLOYMENT) == []


async def test_no_annotation_gives_away_a_database(operator: OfflineOperator, cluster: StandIn) -> None:
    metadata = metadata_of("todo-database", annotations={ADOPT_ANNOTATION: "todo"})
    theirs = cluster.put(CLUSTER, THEIR_DATABASE | {"metadata": metadata})
    operator.install(ELSEWHERE | {"database": {"cluster": {}}})

    assert await operator.reconcile(HOME)

    assert cluster.get(CLUSTER, "home", "todo-database") == theirs


@pytest.mark.parametrize("labels", [{}, LABELS], ids=["without labels", "with our labels"])
async def test_service_of_somebody_else_keeps_its_selector(
    operator: OfflineOperator, cluster: StandIn, labels: dict[str, str]
) -> None:
    theirs = cluster.put(SERVICE, THEIR_SERVICE | {"metadata": metadata_of("todo-api", labels=labels)})
    operator.install(ELSEWHERE)

    [message] = await operator.reconcile(HOME)

    assert message.endswith("by the annotation `todoapp.dev/adopt: todo`.")
    assert cluster.get(SERVICE, "home", "todo-api") == theirs
    assert operator.status(HOME)["Progressing"] == ("False", "NameTaken")
    assert cluster.get(SERVICE, "home", "todo-recurrence-inner"), "what has a free name is made"


async def test_annotation_lets_a_todoapp_have_an_object(operator: OfflineOperator, cluster: StandIn) -> None:
    metadata = metadata_of("todo-api", annotations={ADOPT_ANNOTATION: "todo"})
    cluster.put(SERVICE, THEIR_SERVICE | {"metadata": metadata})
    operator.install(ELSEWHERE)

    await serve(operator)

    service = cluster.get(SERVICE, "home", "todo-api")
    assert service
    assert service["spec"]["selector"][NAME_LABEL] == "todo"
    assert [each["kind"] for each in service["metadata"]["ownerReferences"]] == ["TodoApp"]
    assert operator.status(HOME)["Ready"] == ("True", "Available")


async def test_annotation_of_another_name_gives_nothing(operator: OfflineOperator, cluster: StandIn) -> None:
    metadata = metadata_of("todo-api", annotations={ADOPT_ANNOTATION: "other"})
    theirs = cluster.put(SERVICE, THEIR_SERVICE | {"metadata": metadata})
    operator.install(ELSEWHERE)

    assert await operator.reconcile(HOME)

    assert cluster.get(SERVICE, "home", "todo-api") == theirs


async def test_taken_job_starts_no_pod(operator: OfflineOperator, cluster: StandIn) -> None:
    operator.install(ELSEWHERE)
    await operator.reconcile(HOME)
    [job] = cluster.of_kind(JOB)
    del cluster.objects[url(JOB, "home", job["metadata"]["name"])]
    name, spec = job["metadata"]["name"], {"template": {"spec": {"containers": [{"name": "theirs"}]}}}
    cluster.put(JOB, {"metadata": metadata_of(name), "spec": spec, "status": COMPLETE})

    assert await operator.reconcile(HOME)

    assert operator.status(HOME)["Progressing"] == ("False", "NameTaken")
    assert cluster.of_kind(DEPLOYMENT) == []


async def test_secret_of_somebody_else_gets_no_copied_password(
    operator: OfflineOperator, cluster: StandIn
) -> None:
    operator.install(STRIMZI)
    await operator.reconcile(HOME)
    for name, key in (("kafka-cluster-ca-cert", "ca.crt"), ("home.todo.api", "password")):
        cluster.put(SECRET, {"metadata": {"name": name, "namespace": "kafka"}, "data": {key: "eA=="}})
    theirs = cluster.put(SECRET, {"metadata": metadata_of("todo-kafka-api"), "data": {"password": "eQ=="}})

    [message] = await operator.reconcile(HOME)

    assert message.startswith("Secret home/todo-kafka-api belongs to somebody else")
    assert cluster.get(SECRET, "home", "todo-kafka-api") == theirs
    assert cluster.get(SECRET, "home", "todo-kafka"), "what has a free name is copied"


async def test_name_that_becomes_free_is_used(operator: OfflineOperator, cluster: StandIn) -> None:
    cluster.put(SERVICE, THEIR_SERVICE)
    operator.install(ELSEWHERE)
    await operator.reconcile(HOME)
    del cluster.objects[url(SERVICE, "home", "todo-api")]

    await serve(operator)

    assert operator.status(HOME)["Ready"] == ("True", "Available")


# Somebody is quicker, between looking and writing.


@pytest.mark.parametrize(
    "spec",
    [THEIR_SERVICE["spec"], {"sessionAffinity": "ClientIP"}],
    ids=["same fields", "other fields"],
)
async def test_object_made_in_between_is_given_back(
    operator: OfflineOperator, cluster: StandIn, spec: dict[str, Any]
) -> None:
    made: list[Manifest] = []

    def be_quicker(path: str) -> None:
        if path.endswith("/services/todo-api") and not made:
            made.append(cluster.put(SERVICE, {"metadata": metadata_of("todo-api"), "spec": spec}))
            made[0] = cluster.get(SERVICE, "home", "todo-api") or {}

    cluster.before_apply = be_quicker
    operator.install(ELSEWHERE)

    assert await operator.reconcile(HOME)

    assert lasting(cluster.get(SERVICE, "home", "todo-api")) == lasting(made[0])
    assert await operator.reconcile(HOME)
    assert lasting(cluster.get(SERVICE, "home", "todo-api")) == lasting(made[0])


def lasting(manifest: Manifest | None) -> Manifest:
    assert manifest
    passing = ("resourceVersion", "generation")
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in passing}
    return {**manifest, "metadata": metadata}


async def test_successor_of_a_deleted_object_is_not_overwritten(
    operator: OfflineOperator, cluster: StandIn
) -> None:
    operator.install(ELSEWHERE)
    await serve(operator)
    made: list[Manifest] = []

    def be_quicker(path: str) -> None:
        if path.endswith("/services/todo-api") and not made:
            del cluster.objects[path]
            made.append(cluster.put(SERVICE, THEIR_SERVICE))

    cluster.before_apply = be_quicker
    cluster.change(SERVICE, "home", "todo-api", metadata={"labels": {"app.kubernetes.io/name": "edited"}})

    assert await operator.reconcile(HOME) == ["Conflict"]
    assert await operator.reconcile(HOME) != ["Conflict"]

    assert cluster.get(SERVICE, "home", "todo-api") == made[0]


# What is ours stays ours.


async def test_kept_database_and_secret_are_used_again(operator: OfflineOperator, cluster: StandIn) -> None:
    spec = ELSEWHERE | {"database": {"cluster": {}}}
    operator.install(spec)
    await operator.reconcile(HOME)
    key = cluster.get(SECRET, "home", "todo-jwt")
    kept = {url(CLUSTER, "home", "todo-database"), url(SECRET, "home", "todo-jwt")}
    cluster.objects = {path: each for path, each in cluster.objects.items() if path in kept}

    operator.install(spec)
    await operator.reconcile(HOME)
    condition = {"type": "Ready", "status": "True"}
    cluster.change(CLUSTER, "home", "todo-database", status={"conditions": [condition]})
    await serve(operator)

    assert operator.status(HOME)["Ready"] == ("True", "Available")
    assert cluster.get(SECRET, "home", "todo-jwt") == key


async def test_orphans_of_an_earlier_todoapp_are_owned_again(
    operator: OfflineOperator, cluster: StandIn
) -> None:
    operator.install(STRIMZI)
    await operator.reconcile(HOME)
    del cluster.objects[url(TODOAPP, *HOME)]
    for manifest in cluster.objects.values():
        manifest["metadata"].pop("ownerReferences", None)
        cluster._touch(manifest)

    operator.install(STRIMZI)
    assert await operator.reconcile(HOME) == []

    todoapp = cluster.get(TODOAPP, *HOME)
    assert todoapp
    uid = todoapp["metadata"]["uid"]
    for kind in (ROLE, SERVICE, NETWORK_POLICY):
        owners = {each["metadata"]["ownerReferences"][0]["uid"] for each in cluster.of_kind(kind)}
        assert owners == {uid}, kind
    for kind in (KAFKA_TOPIC, KAFKA_USER):
        assert {each["metadata"]["labels"][UID_LABEL] for each in cluster.of_kind(kind)} == {uid}, kind


async def test_ownership_costs_no_request_for_known_objects(
    operator: OfflineOperator, cluster: StandIn
) -> None:
    operator.install(ELSEWHERE)
    await serve(operator)
    children = len([path for path in cluster.objects if "/home/" in path]) - 2  # the TodoApp and its database
    changed = [path for method, path in cluster.writes() if not path.endswith("/status")]
    cluster.requests.clear()

    await operator.reconcile(HOME)
    async with OfflineOperator.working(cluster) as restarted:
        await restarted.reconcile(HOME)
        only_read = [path for method, path in cluster.requests if method == "GET"]

    assert len(changed) == children, "each was written once"
    assert cluster.writes() == []
    assert set(only_read) <= {url(SECRET, "home", "database")}, "whose value is the TodoApp's business"


async def test_labels_taken_away_are_put_back(operator: OfflineOperator, cluster: StandIn) -> None:
    operator.install(ELSEWHERE)
    await serve(operator)
    live = cluster.objects[url(SERVICE, "home", "todo-api")]
    live["metadata"]["labels"] = {"app": "edited"}
    cluster._touch(live)

    assert await operator.reconcile(HOME) == []

    service = cluster.get(SERVICE, "home", "todo-api")
    assert service
    assert service["metadata"]["labels"].items() >= LABELS.items()


@pytest.mark.parametrize("label", [NAME_LABEL, NAMESPACE_LABEL, MANAGER_LABEL, UID_LABEL, PLACE_LABEL])
async def test_edited_label_of_an_object_without_owner_is_repaired(
    operator: OfflineOperator, cluster: StandIn, label: str
) -> None:
    operator.install(STRIMZI | {"database": {"cluster": {}}})
    await operator.reconcile(HOME)
    kept = [*cluster.of_kind(KAFKA_TOPIC), *cluster.of_kind(CLUSTER)]
    edited = [each for each in kept if label in each["metadata"]["labels"]]
    for each in edited:
        place = each["metadata"]["namespace"], each["metadata"]["name"]
        kind = CLUSTER if each["kind"] == "Cluster" else KAFKA_TOPIC
        cluster.change(kind, *place, metadata={"labels": {label: "edited"}})

    operator.learn()
    assert await operator.reconcile(HOME) == []

    assert edited
    after = [*cluster.of_kind(KAFKA_TOPIC), *cluster.of_kind(CLUSTER)]
    assert [each["metadata"]["labels"] for each in after] == [each["metadata"]["labels"] for each in kept]
    assert HOME in operator.told


# The rule by itself.

OWNER = Owner(HOME, "1")
CONTROLLER = {"apiVersion": "todoapp.dev/v1alpha1", "kind": "TodoApp", "name": "todo", "controller": True}
OURS = [{"manager": MANAGER, "operation": "Apply", "fieldsV1": {}}]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"ownerReferences": [CONTROLLER | {"uid": "1"}]}, (True, True)),
        ({"ownerReferences": [CONTROLLER | {"uid": "1"}], "namespace": "attacker"}, (False, False)),
        ({"ownerReferences": [CONTROLLER | {"uid": "2"}], "labels": LABELS}, (False, False)),
        (
            {"ownerReferences": [CONTROLLER | {"uid": "2"}], "labels": LABELS, "managedFields": OURS},
            (False, True),
        ),
        ({"labels": LABELS}, (False, False)),
        ({"managedFields": OURS}, (False, False)),
        ({"labels": LABELS, "managedFields": OURS}, (False, True)),
        ({"labels": LABELS, "managedFields": OURS, "namespace": "attacker"}, (False, False)),
        (
            {
                "labels": LABELS,
                "managedFields": OURS,
                "ownerReferences": [{"apiVersion": "v1", "kind": "Other", "uid": "3", "controller": True}],
            },
            (False, False),
        ),
        ({"labels": LABELS | {UID_LABEL: "1", PLACE_LABEL: "home"}}, (False, False)),
        ({"annotations": {ADOPT_ANNOTATION: "todo"}}, (False, True)),
    ],
    ids=[
        "controlled",
        "controlled in another namespace",
        "of an earlier TodoApp, forged",
        "of an earlier TodoApp",
        "only labelled",
        "only written by us",
        "kept",
        "kept in another namespace",
        "controlled by somebody else",
        "uid as label, not of Kafka",
        "given away",
    ],
)
def test_object_belongs_by_one_rule(metadata: dict[str, Any], expected: tuple[bool, bool]) -> None:
    standing = standing_of(SERVICE, {"metadata": {"namespace": "home", "name": "todo-api", **metadata}})

    assert (standing.is_of(OWNER), standing.is_free_for(OWNER)) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (LABELS | {UID_LABEL: "1", PLACE_LABEL: "kafka"}, True),
        (LABELS | {UID_LABEL: "2", PLACE_LABEL: "kafka"}, False),
        (LABELS | {UID_LABEL: "1", PLACE_LABEL: "other"}, False),
        (LABELS, False),
        ({UID_LABEL: "1", PLACE_LABEL: "kafka"}, False),
    ],
    ids=["ours", "of an earlier TodoApp", "a copy", "without a uid", "without a name"],
)
def test_object_with_kafka_belongs_by_its_labels(labels: dict[str, str], expected: bool) -> None:
    manifest = {"metadata": {"namespace": "kafka", "name": "t", "labels": labels}}

    assert standing_of(KAFKA_TOPIC, manifest).is_of(OWNER) == expected


def test_status_without_types_is_tolerated() -> None:
    metadata = {"namespace": "attacker", "name": "t", "labels": LABELS, "uid": "1", "resourceVersion": "1"}

    assert child_of(KAFKA_USER, {"metadata": metadata, "status": {"conditions": [{"status": "True"}]}})
