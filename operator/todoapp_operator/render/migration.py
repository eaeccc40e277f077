"""The Job that brings the database to the schema of a version."""

from typing import Any

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.environment import migration_environment
from todoapp_operator.render.identity import digest, metadata, own_labels
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.pods import (
    SCRATCH_MOUNT,
    SCRATCH_VOLUME,
    as_stored,
    image,
    pull_secrets,
    restricted,
    unprivileged,
)
from todoapp_operator.resource.spec import TodoApp

__all__ = ["MIGRATION", "migration_job"]

MIGRATION = "migration"
"""The Job's pods, as a component beside the three processes."""


def migration_job(app: TodoApp, platform: Platform) -> Manifest:
    """A Job whose name changes with what it does, because a Job itself never can."""
    template = _template(app, platform)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(app, f"{app.metadata.name}-migrate-{digest(template)}", component=MIGRATION),
        "spec": {"backoffLimit": 4, "activeDeadlineSeconds": 1800, "template": template},
    }


def _template(app: TodoApp, platform: Platform) -> dict[str, Any]:
    return {
        "metadata": {
            "labels": own_labels(app, MIGRATION),
            # A sidecar would never end, and so neither would the Job.
            "annotations": {"dapr.io/enabled": "false"},
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            **pull_secrets(app),
            "securityContext": restricted(),
            "containers": [
                {
                    "name": "migrate",
                    **image(app, platform),
                    "args": ["migrate"],
                    "env": as_stored(migration_environment(app)),
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                    "securityContext": unprivileged(),
                    "volumeMounts": [SCRATCH_MOUNT],
                }
            ],
            "volumes": [SCRATCH_VOLUME],
        },
    }
