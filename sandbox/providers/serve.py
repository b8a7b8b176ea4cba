"""Starts a stand-in as the engine expects it: serves on loopback, prints the port, ends with the engine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from importlib.metadata import version

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.providers.api import Api
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.servicer import StandIn

#: Seconds between two looks at the parent: a stand-in must not outlive the engine that started it.
WATCH_SECONDS = 1.0


def start(api: Callable[[Cloud], Api], distribution: str) -> None:
    """Serves an API over the sandbox's cloud, under the version of the SDK `distribution`.

    Ends the process with one sentence when the sandbox has named no cloud, or a cluster that is not there.
    """
    try:
        cloud = Cloud.of_environment()
        served = api(cloud)
    except CloudError as error:
        sys.exit(f"error: {error}")
    package = distribution.removeprefix("pulumi-")
    serve(StandIn(served, cloud, version(distribution), package))


def serve(stand_in: StandIn) -> None:
    """Serves until the engine goes away or says so. Calls end at once: a file is written whole or not at all."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=32),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(stand_in, server)
    port = server.add_insecure_port("127.0.0.1:0")
    ended = threading.Event()
    # the engine puts plugins into process groups of their own and ends them by SIGINT; after 5 s it would kill them
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    print(port, flush=True)
    parent = os.getppid()
    while not ended.wait(WATCH_SECONDS):
        if os.getppid() != parent:
            # like the real one: at once, and without taking back what is half done, of which nobody would be told
            os._exit(1)
    stand_in.cancelled.set()
    server.stop(grace=0)
    # at once: on busy cores, taking the program down piece by piece may last longer than the engine waits. It was seen to report
    # "exited prematurely" then (pulumi 3.259.0, 2026-11-26), though whether for this reason is not proved
    os._exit(0)
