"""Our rules for resources, which a policy pack checks at every preview.

Each rule gets a resource's type and inputs, and yields a sentence for everything that breaks it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

__all__ = ["POLICIES", "RULES"]

Props = Mapping[str, Any]
Rule = Callable[[str, Props], Iterator[str]]

_SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - the type
_DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
_RELEASE = "kubernetes:helm.sh/v3:Release"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_SECRET_NAME = re.compile(
    r"(?i:password|passwd|token|api[-_]?key|private[-_]?key|client[-_]?secret)$|_SECRET$"
)
_URL_WITH_PASSWORD = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
_EXACT_VERSION = re.compile(r"v?\d+\.\d+\.\d+(-[\w.]+)?")
_INTERNAL = (
    "networking.gke.io/load-balancer-type",
    "service.beta.kubernetes.io/azure-load-balancer-internal",
    "service.beta.kubernetes.io/oci-load-balancer-internal",
)


def _fields(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything inside `value`, with its path; values unknown until the update are left out."""
    yield path, value
    for key in _keys(value):
        try:
            inner = value[key]
        except UnknownValueError:
            continue
        yield from _fields(inner, (*path, str(key)))


def _keys(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.keys()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return range(len(value))
    return ()


def no_plain_secrets(kind: str, props: Props) -> Iterator[str]:
    """On a cluster secrets are in Secrets: not in ConfigMaps, environment variables, chart values or URLs."""
    # Elsewhere Pulumi's secrets and plain values look the same: a policy gets both decrypted.
    if not kind.startswith("kubernetes:") or kind == _SECRET:
        return
    for path, value in _fields(props):
        if kind == _DEFINITION and path and path[-1] == "description":
            continue  # What it says of a field may show how a URL with a password is written.
        name = value.get("name") if isinstance(value, Mapping) else None
        if isinstance(name, str) and _SECRET_NAME.search(name) and value.get("value"):
            yield f"{'.'.join(path)} gives {name} in plain text; take it from a Secret by valueFrom."
        elif isinstance(value, str) and _URL_WITH_PASSWORD.search(value):
            yield f"{'.'.join(path)} is a URL with a password; keep it in a Secret."
        elif isinstance(value, str) and value and path and _SECRET_NAME.search(path[-1]):
            yield f"{'.'.join(path)} is readable by everyone; name a Secret instead."


def no_latest_tags(kind: str, props: Props) -> Iterator[str]:
    """Every image and chart is of one version, so that a new one is chosen and never arrives by surprise."""
    if kind == _RELEASE and not _EXACT_VERSION.fullmatch(str(props.get("version", ""))):
        yield "The chart has no exact version; write one such as 1.2.3."
    for path, value in _fields(props):
        if path and path[-1] == "image" and isinstance(value, str) and not _is_pinned(value):
            yield f"{'.'.join(path)} is '{value}'; name a version that is not latest."
        elif path and path[-1] == "tag" and value == "latest":
            yield f"{'.'.join(path)} is latest; name a version."


def _is_pinned(image: str) -> bool:
    if "@sha256:" in image:
        return True
    _, _, tag = image.rpartition("/")[2].partition(":")
    return tag not in ("", "latest")


def resources_and_probes(kind: str, props: Props) -> Iterator[str]:
    """Every container has requests, a memory limit, and probes."""
    if kind.rpartition(":")[2] not in _WORKLOADS:
        return
    for container in props["spec"]["template"]["spec"]["containers"]:
        resources = container.get("resources", {})
        present = {
            "resources.requests.cpu": resources.get("requests", {}).get("cpu"),
            "resources.requests.memory": resources.get("requests", {}).get("memory"),
            "resources.limits.memory": resources.get("limits", {}).get("memory"),
            "livenessProbe": container.get("livenessProbe"),
            "readinessProbe": container.get("readinessProbe"),
        }
        if missing := [name for name, value in present.items() if value is None]:
            yield f"Container {container['name']} has no {', '.join(missing)}."


def no_public_plain_http(kind: str, props: Props) -> Iterator[str]:
    """What can be reached from outside speaks TLS. Plain HTTP may only lead to it."""
    spec = props.get("spec") or {}
    match kind.rpartition(":")[2]:
        case "Service" if spec.get("type") == "LoadBalancer" and not _is_internal(props):
            for port in spec.get("ports", ()):
                if port["port"] != 443:
                    yield f"The load balancer opens port {port['port']}; open 443 alone, or make it internal."
        case "Ingress" if not spec.get("tls"):
            yield "The Ingress has no tls; name a Secret with a certificate."
        case "Gateway":
            for listener in spec.get("listeners", ()):
                if listener["protocol"] not in ("HTTPS", "TLS") and not _takes_own_routes_only(listener):
                    yield f"Listener {listener['name']} serves without TLS; use HTTPS, or routes from Same."
        case "TodoApp" if "ingress" in spec and not spec["ingress"].get("tlsSecretName"):
            yield "spec.ingress has no tlsSecretName; name a Secret with a certificate."


def _is_internal(props: Props) -> bool:
    annotations = props.get("metadata", {}).get("annotations", {})
    return any(str(annotations.get(name, "")).lower() in ("true", "internal") for name in _INTERNAL)


def _takes_own_routes_only(listener: Props) -> bool:
    return bool(listener.get("allowedRoutes", {}).get("namespaces", {}).get("from") == "Same")


def _policy(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for sentence in rule(args.resource_type, args.props):
            report(sentence, None)

    return ResourceValidationPolicy(
        name=rule.__name__.replace("_", "-"),
        description=str(rule.__doc__),
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
    )


RULES: tuple[Rule, ...] = (no_plain_secrets, no_latest_tags, resources_and_probes, no_public_plain_http)

POLICIES: list[Policy] = [_policy(rule) for rule in RULES]
"""Every rule as a mandatory policy."""
