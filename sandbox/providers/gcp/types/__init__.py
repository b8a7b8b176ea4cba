"""Tables of the resource types that this project uses, one service a file."""

from sandbox.providers.gcp.resource_type import ResourceType
from sandbox.providers.gcp.types import (
    addresses,
    alerts,
    artifacts,
    billing,
    certificates,
    cloud_quota,
    cluster,
    compute,
    dns,
    federation,
    firewall,
    iam,
    kms,
    node_pool,
    pubsub,
    routes,
    run,
    run_job,
    secrets,
    ssl_policies,
    storage,
)

SERVICES = (
    *(
        addresses,
        alerts,
        artifacts,
        billing,
        certificates,
        cloud_quota,
        cluster,
        compute,
        dns,
        federation,
        firewall,
        iam,
    ),
    *(kms, node_pool, pubsub, routes, run, run_job, secrets, ssl_policies, storage),
)
RESOURCE_TYPES: dict[str, ResourceType] = {kind.token: kind for service in SERVICES for kind in service.RESOURCE_TYPES}
