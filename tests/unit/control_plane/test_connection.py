"""How programs reach a control plane on their own machine."""

from pathlib import Path

import httpx
import pytest

from testbed.control_plane.connection import Connection
from testbed.control_plane.credentials import Issuer, issue
from testbed.ports import free_port
from testbed.sidecar.recording_app import recording_app


def test_no_proxy_is_asked_to_reach_the_api_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    issued = issue(Issuer(tmp_path / "credentials", url))
    connection = Connection(url, issued.authority, issued.admin_certificate, issued.admin)

    with recording_app() as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")

        with connection.client() as client, pytest.raises(httpx.ConnectError):
            client.get("/readyz")
