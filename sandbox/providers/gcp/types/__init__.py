"""Tables of the resource types that this project uses, one service a file."""

from sandbox.providers.gcp.resource_type import ResourceType
from sandbox.providers.gcp.types import artifacts, compute, container, iam, run, secrets, storage

RESOURCE_TYPES: dict[str, ResourceType] = {
    kind.token: kind
    for service in (artifacts, compute, container, iam, run, secrets, storage)
    for kind in service.RESOURCE_TYPES
}
