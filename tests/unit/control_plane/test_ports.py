import socket
from contextlib import closing

from testbed.control_plane.ports import server_ports


def test_ports_are_free_and_not_lent_to_clients() -> None:
    ports = server_ports(3)

    assert len(set(ports)) == 3
    for port in ports:
        with (
            closing(socket.create_server(("127.0.0.1", port))) as server,
            closing(socket.create_connection(server.getsockname())) as client,
        ):
            assert client.getsockname()[1] not in range(20_000, 30_000)
