"""Passes connections from outside the node's network on to an address inside.

    python -m testbed.node.relay DESCRIPTOR ADDRESS PORT

It runs inside. A socket stays in the network in which it was opened: the descriptor is of one that listens
outside.
"""

import asyncio
import socket
import sys
from contextlib import suppress

__all__ = ["main"]

_PIECE = 65_536


async def main(descriptor: int, address: str, port: int) -> None:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(address, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pour(reader, inner_writer), _pour(inner_reader, writer))

    server = await asyncio.start_server(relay, sock=socket.socket(fileno=descriptor))
    await server.serve_forever()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
