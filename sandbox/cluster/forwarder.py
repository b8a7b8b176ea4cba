"""Lets this machine reach the API server in the cluster's network, by a socket that was opened outside of it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket

from sandbox.cluster.network import API_PORT, HOST

PIECE = 1 << 16


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        answers, questions = await asyncio.open_connection(HOST, API_PORT)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_pump(reader, questions), _pump(answers, writer))


async def _serve(listener: socket.socket) -> None:
    server = await asyncio.start_server(_connect, sock=listener)
    await server.serve_forever()


def main() -> None:
    """Serves the socket that was inherited under the number that is given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("descriptor", type=int)
    asyncio.run(_serve(socket.socket(fileno=parser.parse_args().descriptor)))


if __name__ == "__main__":
    main()
