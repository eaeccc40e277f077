"""Connections for users' URLs lead to public addresses only."""

import httpcore
import pytest

from testbed.sidecar.recording_app import RecordingApp
from todoapp.features.outgoing.addresses import PrivateDestination
from todoapp.features.outgoing.network import PublicNetwork


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "::1", "0"])
async def test_no_spelling_of_this_machine_is_connected_to(host: str, receiver: RecordingApp) -> None:
    with pytest.raises(PrivateDestination):
        await PublicNetwork(allow_private=False).connect_tcp(host, receiver.port)


async def test_an_installation_may_allow_them(receiver: RecordingApp) -> None:
    stream = await PublicNetwork(allow_private=True).connect_tcp("localhost", receiver.port)

    await stream.aclose()


async def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    with pytest.raises(httpcore.ConnectError):
        await PublicNetwork(allow_private=False).connect_tcp("nowhere.invalid", 443)


async def test_a_malformed_name_is_unreachable() -> None:
    with pytest.raises(httpcore.ConnectError):
        await PublicNetwork(allow_private=False).connect_tcp("x" * 64, 443)
