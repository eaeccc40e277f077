"""The embedded sidecar's state keys: each app has its own, unless the component says otherwise."""

from pathlib import Path

import pytest

from testbed.sidecar.process import app_instance, running_sidecar
from testbed.sidecar.recording_app import recording_app

STATE_STORE = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {{name: statestore}}
spec:
  type: state.sqlite
  version: v1
  metadata:
  - {{name: keyPrefix, value: {prefix}}}
"""


@pytest.mark.parametrize(
    ("prefix", "shared"), [("appid", False), ("name", True), ("none", True), ("conversation", True)]
)
def test_the_key_prefix_decides_which_apps_share_a_key(tmp_path: Path, prefix: str, shared: bool) -> None:
    component = tmp_path / "statestore.yaml"
    component.write_text(STATE_STORE.format(prefix=prefix))
    with recording_app() as app:
        writer, reader = app_instance("writer", app.port), app_instance("reader", app.port)
        with running_sidecar([writer, reader], resources=[component], state=tmp_path / "state.db") as sidecar:
            sidecar.wait_until_listening()
            writer.post("/v1.0/state/statestore", [{"key": "k", "value": 1}])

            assert writer.get("/v1.0/state/statestore/k").json() == 1
            found = reader.get("/v1.0/state/statestore/k")
            assert found.status_code == (200 if shared else 204)
