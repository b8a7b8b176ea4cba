"""The client for Cloud Storage; asks for nothing that the loader has no right for.

STORAGE_EMULATOR_HOST is honoured by the library itself.
"""

from __future__ import annotations

import os

from google.cloud import storage

from .storage_errors import storage_errors
from .target import RIGHT

#: The library asks for a project, though none of the loader's requests needs one.
NO_PROJECT = "none"

#: Without it the library reads every bucket's metadata, for telemetry that is off, and each load leaves a refused
#: storage.buckets.get in the audit log (google-cloud-storage 3.17.1, _opentelemetry_tracing.py).
NO_BUCKET_METADATA = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"


def connect() -> storage.Client:
    """A client with the credentials of the environment; raises BadCredentialsError where there are none."""
    os.environ.setdefault(NO_BUCKET_METADATA, "true")
    with storage_errors("connecting to Cloud Storage", right=RIGHT):
        return storage.Client(project=NO_PROJECT)
