"""The mapping of every type of Google resource that the environments use, or are about to, one file a service.

Sources: the provider's own expanders (hashicorp/terraform-provider-google, 2026-08, the base of pulumi-gcp 10), checked against
the descriptions by `test_tables.py`.
"""

from __future__ import annotations

from tests.google_api.mapping import Table
from tests.google_api.tables import (
    artifacts,
    cluster,
    compute,
    dns,
    gateway,
    identity,
    node_pool,
    project,
    pubsub,
    quota,
    run,
    secrets,
    storage,
)

TABLES: dict[str, Table] = {
    **artifacts.TABLES,
    **cluster.TABLES,
    **compute.TABLES,
    **dns.TABLES,
    **gateway.TABLES,
    **identity.TABLES,
    **node_pool.TABLES,
    **project.TABLES,
    **pubsub.TABLES,
    **run.TABLES,
    **secrets.TABLES,
    **storage.TABLES,
}
UNDESCRIBED = quota.UNDESCRIBED
