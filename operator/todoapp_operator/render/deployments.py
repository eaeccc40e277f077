"""The three Deployments, each called and updated as its roll-out strategy wants."""

from typing import Any

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.identity import RELEASE_LABEL, digest, metadata, selector
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.pod_template import pod_template, sidecar_digest
from todoapp_operator.render.scaling import replicas
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["deployments"]


def deployments(app: TodoApp, platform: Platform) -> dict[Component, Manifest]:
    sidecars = sidecar_digest(app)
    return {component: _deployment(app, component, platform, sidecars) for component in Component}


def _deployment(app: TodoApp, component: Component, platform: Platform, sidecars: str) -> Manifest:
    template = pod_template(app, component, platform, sidecars)
    release = _release(app, component, template)
    name = "-".join([app.metadata.name, component, *release.values()])
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(app, name, component=component, labels=release),
        "spec": {
            **replicas(app, component, platform),
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": 600,
            "strategy": _strategy(app),
            "selector": {"matchLabels": selector(app, component) | release},
            "template": _labelled(template, release),
        },
    }


def _release(app: TodoApp, component: Component, template: dict[str, Any]) -> dict[str, str]:
    """With `BlueGreen` each release of the api is a Deployment of its own, and the Service chooses one.

    The other two processes serve no requests: there both releases share the work until the old one ends.
    """
    blue_green = app.spec.rollout.strategy == "BlueGreen" and component is Component.API
    return {RELEASE_LABEL: digest(template)} if blue_green else {}


def _labelled(template: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    metadata = template["metadata"]
    return template | {"metadata": metadata | {"labels": metadata["labels"] | labels}}


def _strategy(app: TodoApp) -> dict[str, Any]:
    surge = "100%" if app.spec.rollout.strategy == "BlueGreen" else 1
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 0}}
