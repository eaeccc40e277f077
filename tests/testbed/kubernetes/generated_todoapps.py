"""TodoApps that Hypothesis makes up: resources as people write them, and applications read from them."""

from typing import Any

from hypothesis import strategies as st

from todoapp_operator.resource.spec import TodoApp
from todoapp_operator.resource.workload import DAPR_ANNOTATIONS

__all__ = ["resources", "todoapps"]

Strategy = st.SearchStrategy[Any]

LABEL = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?", fullmatch=True)
POSSIBLY_EMPTY = st.one_of(LABEL, st.just(""))
LONG_LABEL = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
LONGEST_NAME = "a" * 40
APP_NAME = st.one_of(LABEL, st.just(LONGEST_NAME))
TOPIC = st.from_regex(r"[a-zA-Z0-9._-]{1,40}", fullmatch=True)
COUNT = st.integers(1, 20)
QUANTITY = st.one_of(
    st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,3})?(Ki|Mi|Gi|m|k|M|G)?", fullmatch=True), st.integers(0, 10**6)
)
PERIOD = st.from_regex(r"[1-9][0-9]{0,2}[mhd]", fullmatch=True)
ADDRESS = st.from_regex(r"[a-z]{1,8}\.example\.com:(9092|9093|443)", fullmatch=True)
HOST = st.from_regex(r"[a-z]{1,8}\.example\.com", fullmatch=True)
NETWORK = st.sampled_from(["10.0.0.0/8", "192.0.2.7/32", "fc00::/7", "2001:db8::1/128"])
ENV_NAME = st.sampled_from(["TODOAPP_FEED_DAYS", "TZ", "MAIL_PASSWORD", "LANG"])
CIDR = st.sampled_from(["10.0.0.0/8", "34.118.224.0/20", "2600:1900::/28"])
RESERVED_NAME = st.sampled_from(["POD_NAME", "TODOAPP_PORT", "DAPR_HTTP_PORT"])
SECRET = st.fixed_dictionaries({"name": LABEL})
SECRET_KEY = st.fixed_dictionaries({"name": LABEL, "key": LABEL})
TEXTS = st.dictionaries(LABEL, LABEL, max_size=2)
_NOTHING: Strategy = st.just({})


def resources(*, lawful: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """TodoApps as in a file, each field in the right form; `lawful` ones obey the rules across fields."""
    metadata = st.fixed_dictionaries({"name": APP_NAME, "namespace": LONG_LABEL})
    return st.fixed_dictionaries({"metadata": metadata}, optional={"spec": _spec(lawful)})


def todoapps() -> st.SearchStrategy[TodoApp]:
    """TodoApps that are valid, as they are on a cluster."""
    uid = st.uuids().map(str)
    return st.builds(_on_a_cluster, resources(), uid)


def _on_a_cluster(resource: dict[str, Any], uid: str) -> TodoApp:
    return TodoApp.model_validate(resource | {"metadata": {**resource["metadata"], "uid": uid}})


def _some(**fields: Strategy) -> Strategy:
    """A mapping with any of `fields`."""
    return st.fixed_dictionaries({}, optional=fields)


def _one(lawful: bool, **fields: Strategy) -> Strategy:
    """A mapping with one of `fields`, or with any of them."""
    single = st.one_of([st.fixed_dictionaries({name: value}) for name, value in fields.items()])
    return single if lawful else st.one_of(single, _some(**fields))


def _entries(lawful: bool, entry: Strategy, *, min_size: int = 0) -> Strategy:
    """A short list, in which each entry is another one, or may stand twice."""
    different = st.lists(entry, min_size=min_size, max_size=2, unique_by=str)
    return different if lawful else st.one_of(different, entry.map(lambda one: [one, one]))


def _spec(lawful: bool) -> Strategy:
    ingress = st.fixed_dictionaries(
        {"host": HOST}, optional={"className": LABEL, "tlsSecretName": LABEL, "annotations": TEXTS}
    )
    gateway = st.fixed_dictionaries(
        {
            "parentRefs": _entries(lawful, SECRET, min_size=1),
            "hostnames": st.lists(HOST, min_size=1, max_size=2),
        }
    )
    assistant = st.fixed_dictionaries({"model": LABEL, "apiKeySecretRef": SECRET})
    rest = _some(
        image=st.just("registry.example.com/todoapp:2.0"),
        imagePullSecrets=_entries(lawful, SECRET),
        api=_workload(lawful, lag=not lawful),
        notification=_workload(lawful, lag=True),
        recurrence=_workload(lawful, lag=True),
        database=_one(lawful, secretRef=SECRET, cluster=_database_cluster(lawful)),
        dapr=_some(sidecarResources=_quantities(lawful)),
        auth=_some(signUp=st.sampled_from(["open", "invite", "closed"]), jwtSecretRef=SECRET, oidc=_oidc()),
        assistant=assistant,
        channels=st.fixed_dictionaries({"secretRef": SECRET}),
        trustedProxies=st.lists(NETWORK, max_size=2),
        observability=_observability(),
        networkPolicy=st.booleans(),
        clusterCidrs=st.lists(CIDR, max_size=3, unique=True),
        rollout=_some(
            strategy=st.sampled_from(["Rolling", "BlueGreen"]), migrations=st.sampled_from(["Auto", "Manual"])
        ),
        features=_some(quickAdd=st.booleans(), **({} if lawful else {"assistant": st.booleans()})),
        retention=_some(activity=PERIOD, notifications=PERIOD),
        quotas=_some(
            **dict.fromkeys(
                ("tasks", "tags", "storedMiB", "tokens", "webhooks", "channels"), st.integers(0, 1000)
            )
        ),
    )
    way_in = st.one_of(_NOTHING, _one(lawful, ingress=ingress, gateway=gateway))
    return st.builds(lambda *parts: {**parts[0], **parts[1], **parts[2]}, rest, way_in, _events(lawful))


def _workload(lawful: bool, *, lag: bool) -> Strategy:
    names = ENV_NAME if lawful else st.one_of(ENV_NAME, RESERVED_NAME)
    variable = st.builds(
        lambda name, source: {"name": name, **source},
        names,
        _one(
            lawful,
            value=POSSIBLY_EMPTY,
            valueFrom=_one(lawful, secretKeyRef=SECRET_KEY, configMapKeyRef=SECRET_KEY),
        ),
    )
    unique = (lambda variable: variable["name"]) if lawful else None
    rest = _some(
        resources=_quantities(lawful),
        env=st.lists(variable, max_size=3, unique_by=unique),
        nodeSelector=TEXTS,
        tolerations=st.lists(_toleration(lawful), max_size=2),
        podLabels=TEXTS,
        podAnnotations=st.one_of(TEXTS, _dapr_annotations(lawful)),
        priorityClassName=LABEL,
    )
    size = st.one_of(_NOTHING, _one(lawful, replicas=COUNT, autoscaling=_autoscaling(lawful, lag=lag)))
    return st.builds(lambda one, other: one | other, rest, size)


def _dapr_annotations(lawful: bool) -> Strategy:
    names = st.sampled_from(DAPR_ANNOTATIONS)
    refused = st.sampled_from(["dapr.io/sidecar-image", "dapr.io/enabled", "dapr.io/"])
    return st.dictionaries(names if lawful else st.one_of(names, refused), LABEL, max_size=2)


def _autoscaling(lawful: bool, *, lag: bool) -> Strategy:
    yardstick = st.one_of(_NOTHING, _one(lawful, cpu=st.integers(1, 100), **({"lag": COUNT} if lag else {})))
    fewest, most = (st.integers(1, 5), st.integers(5, 9)) if lawful else (COUNT, COUNT)
    bounds = st.fixed_dictionaries({"maxReplicas": most}, optional={"minReplicas": fewest})
    return st.builds(lambda one, other: one | other, bounds, yardstick)


def _toleration(lawful: bool) -> Strategy:
    of_every_taint = st.just({"operator": "Exists"})
    of_one_taint = st.fixed_dictionaries({"key": LABEL, "value": POSSIBLY_EMPTY})
    leaving = {"effect": st.just("NoExecute"), "tolerationSeconds": st.integers(0, 600)}
    some = _some(key=LABEL, operator=st.sampled_from(["Equal", "Exists"]), value=LABEL, **leaving)
    while_leaving = st.fixed_dictionaries({"key": LABEL, **leaving})
    return st.one_of(of_every_taint, of_one_taint, while_leaving, *([] if lawful else [some]))


def _quantities(lawful: bool) -> Strategy:
    amounts = st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITY)
    any_amounts = _some(requests=amounts, limits=amounts)
    equal = amounts.map(lambda each: {"requests": each, "limits": each})
    return st.one_of(_some(requests=amounts), _some(limits=amounts), equal) if lawful else any_amounts


def _database_cluster(lawful: bool) -> Strategy:
    return _some(
        instances=COUNT,
        storage=QUANTITY,
        storageClass=LABEL,
        resources=_quantities(lawful),
        deletionPolicy=st.sampled_from(["Retain", "Delete"]),
    )


def _events(lawful: bool) -> Strategy:
    """Broker and topics, whose names only the owner of the broker may choose."""
    if not lawful:
        return _some(broker=_broker(lawful), topics=_topics(lawful))
    return _some(broker=_broker(lawful)).flatmap(
        lambda chosen: st.builds(
            lambda topics: chosen | topics, _some(topics=_topics(lawful, named=_is_own(chosen)))
        )
    )


def _is_own(chosen: dict[str, Any]) -> bool:
    return "broker" in chosen and "strimzi" not in chosen["broker"]


def _broker(lawful: bool) -> Strategy:
    brokers = st.lists(ADDRESS, min_size=1, max_size=3)
    redpanda = st.fixed_dictionaries({"brokers": brokers, "credentialsSecretRef": SECRET})
    lawful_kafka = st.one_of(
        st.fixed_dictionaries({"brokers": brokers}, optional={"caSecretRef": SECRET}),
        st.fixed_dictionaries(
            {"brokers": brokers, "auth": st.just("scram"), "credentialsSecretRef": SECRET},
            optional={"mechanism": st.sampled_from(["SHA-256", "SHA-512"])},
        ),
        st.fixed_dictionaries(
            {
                "brokers": brokers,
                "auth": st.just("mtls"),
                "certificateSecretRef": SECRET,
                "caSecretRef": SECRET,
            }
        ),
    )
    any_kafka = st.fixed_dictionaries(
        {"brokers": brokers},
        optional={
            "auth": st.sampled_from(["none", "scram", "mtls"]),
            "credentialsSecretRef": SECRET,
            "certificateSecretRef": SECRET,
            "caSecretRef": SECRET,
        },
    )
    strimzi = _some(cluster=LABEL, namespace=LABEL)
    return _one(lawful, strimzi=strimzi, redpanda=redpanda, kafka=lawful_kafka if lawful else any_kafka)


def _topics(lawful: bool, *, named: bool = True) -> Strategy:
    fields = ("taskEvents", "reminders", "taskUpdates", "activityLogs")
    lawful_names = TOPIC.filter(lambda name: not name.endswith("-dead-letter"))
    names = (
        st.lists(lawful_names, min_size=4, max_size=4, unique=True)
        if lawful
        else st.lists(st.sampled_from(["a", "b", "c", "d", "a-dead-letter"]), min_size=4, max_size=4)
    )
    sizes = st.fixed_dictionaries({}, optional={"partitions": COUNT, "retention": PERIOD})
    return st.builds(
        lambda names, sizes: {
            field: {**({"name": name} if named else {}), **size}
            for field, name, size in zip(fields, names, sizes, strict=True)
        },
        names,
        st.lists(sizes, min_size=4, max_size=4),
    )


def _oidc() -> Strategy:
    return st.fixed_dictionaries(
        {"issuer": HOST.map("https://{}".format), "audience": LABEL, "clientId": LABEL}
    )


def _observability() -> Strategy:
    tracing = st.fixed_dictionaries({"endpoint": HOST.map("http://{}:4317".format)})
    return _some(
        metrics=st.booleans(),
        serviceMonitor=st.booleans(),
        alerts=st.booleans(),
        dashboards=st.booleans(),
        scrapedFrom=st.lists(LABEL, max_size=3, unique=True),
        tracing=tracing,
        logLevel=st.sampled_from(["DEBUG", "INFO", "WARNING", "ERROR"]),
    )
