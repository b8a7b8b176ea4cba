"""Every Google resource that dev and prod declare against Google's own description of its API: names, types, enum values.

Both are previewed once for this module. A preview does not know what Google will compute, such as an id; where such a value
stands, only plain text may be wanted. What is beyond a description: which values go together, quotas, what exists.
"""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest

from sandbox.paths import Layout
from tests.google_api.check import check
from tests.google_api.declared import Declared, google_resources
from tests.google_api.request_body import deprecated
from tests.google_api.tables import TABLES
from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.slow

ENVIRONMENTS = ("dev", "prod")
CLUSTER = "gcp:container/cluster:Cluster"
NODE_POOL = "gcp:container/nodePool:NodePool"
BUCKET = "gcp:storage/bucket:Bucket"
ROUTER_NAT = "gcp:compute/routerNat:RouterNat"
NETWORK = "gcp:compute/network:Network"
RUN = "gcp:cloudrunv2/service:Service"

#: What Google calls deprecated and is used all the same, with the reason.
DEPRECATED_IN_USE = {
    (CLUSTER, "initialNodeCount"): "the provider has no other way to make a cluster whose default pool it deletes",
    (CLUSTER, "nodeConfig.serviceAccount"): "nor any other to give that pool an identity of its own",
    (CLUSTER, "nodeConfig.shieldedInstanceConfig.enableSecureBoot"): "as above",
    (CLUSTER, "nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring"): "as above",
}


@pytest.fixture(scope="module")
def declared(set_up: Layout, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Declared]]:
    """The Google resources of each environment."""
    sandbox = Sandbox.create(tmp_path_factory.mktemp("google-api"), policy_pack=None)
    return {env: google_resources(sandbox, env) for env in ENVIRONMENTS}


@pytest.fixture
def of_dev(declared: dict[str, list[Declared]]) -> dict[str, Declared]:
    """For each type one resource of dev, to be changed: the one that says most."""
    by_size = sorted(declared["dev"], key=lambda resource: len(str(resource.inputs)))
    return {resource.token: copy.deepcopy(resource) for resource in by_size}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_google_resource_is_as_google_describes_it(declared: dict[str, list[Declared]], env: str) -> None:
    count = Counter(resource.token for resource in declared[env])
    assert {CLUSTER, NODE_POOL, BUCKET, NETWORK, ROUTER_NAT} <= set(count)
    assert [line for resource in declared[env] for line in check(resource.token, resource.name, resource.inputs)] == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_what_google_calls_deprecated_is_used_where_it_is_known_only(
    declared: dict[str, list[Declared]], env: str
) -> None:
    used = {
        (resource.token, origin)
        for resource in declared[env]
        if resource.token in TABLES
        for origin in deprecated(TABLES[resource.token], resource.inputs)
    }
    assert used <= set(DEPRECATED_IN_USE)


#: type, property, the value put there, and what the message must hold: property, place in the request, what is allowed.
FAULTS = [
    (
        CLUSTER,
        "datapathProvider",
        "ADVANCED_DATAPTH",
        ("datapathProvider -> ", "cluster.networkConfig.datapathProvider", "'ADVANCED_DATAPTH'", "LEGACY_DATAPATH"),
    ),
    (
        CLUSTER,
        "networkPolicy",
        {"enabled": True, "provider": "CALLICO"},
        ("networkPolicy.provider -> ", "cluster.networkPolicy.provider", "did you mean CALICO?"),
    ),
    (
        CLUSTER,
        "monitoringConfig",
        {"enableComponents": ["DCGM", "GPU"]},
        (
            "monitoringConfig.enableComponents -> ",
            "cluster.monitoringConfig.componentConfig.enableComponents[1]",
            "JOBSET",
        ),
    ),
    (
        CLUSTER,
        "gatewayApiConfig",
        {"channel": "STANDARD"},
        ("gatewayApiConfig.channel", "cluster.networkConfig.gatewayApiConfig.channel", "CHANNEL_STANDARD"),
    ),
    (
        NODE_POOL,
        "nodeConfig.taints",
        [{"key": "a", "value": "b", "effect": "NoSchedule"}],
        ("nodeConfig.taints[0].effect", "nodePool.config.taints[0].effect", "NO_SCHEDULE"),
    ),
    (
        NODE_POOL,
        "nodeConfig.diskSizeGb",
        "200",
        ("nodeConfig.diskSizeGb -> ", "nodePool.config.diskSizeGb", "must be a number (int32), found text"),
    ),
    (
        NODE_POOL,
        "nodeConfig.maxRunDuration",
        "7d",
        ("nodeConfig.maxRunDuration -> ", "nodePool.config.maxRunDuration", "'7d' is no google-duration"),
    ),
    (
        NODE_POOL,
        "nodeLocations",
        "us-central1-a",
        ("nodeLocations -> ", "nodePool.locations", "must be a list, found text"),
    ),
    (
        RUN,
        "ingress",
        "INTERNAL_ONLY",
        ("ingress -> run.projects.locations.services.create", "INGRESS_TRAFFIC_INTERNAL_ONLY"),
    ),
    (RUN, "template.timeout", 3600, ("template.timeout -> ", "body template.timeout", "must be text, found a number")),
    (
        BUCKET,
        "publicAccessPrevention",
        "enforce",
        ("publicAccessPrevention -> ", "iamConfiguration.publicAccessPrevention", "'inherited' and 'enforced'"),
    ),
    (BUCKET, "versioning.enabled", "yes", ("versioning.enabled -> ", "must be true or false, found text")),
    (NETWORK, "name", "Gemma", ("name -> compute.networks.insert", "'Gemma' does not match [a-z]")),
    (NETWORK, "routingMode", "REGION", ("routingMode -> ", "routingConfig.routingMode", "REGIONAL")),
    (
        ROUTER_NAT,
        "natIpAllocateOption",
        "AUTO",
        ("natIpAllocateOption -> ", "nats[0].natIpAllocateOption", "AUTO_ONLY"),
    ),
    (ROUTER_NAT, "region", "US", ("region -> compute.routers.patch, URL parameter region", "does not match")),
]


@pytest.mark.parametrize(("token", "place", "value", "words"), FAULTS, ids=[f"{f[0][4:]}-{f[1]}" for f in FAULTS])
def test_a_misspelt_enum_a_wrong_type_or_a_wrong_format_fails_and_says_where_and_what_is_allowed(
    of_dev: dict[str, Declared], token: str, place: str, value: Any, words: tuple[str, ...]
) -> None:
    resource = of_dev[token]
    *outer, last = place.split(".")
    here = resource.inputs
    for step in outer:
        here = here[step]
    here[last] = value
    lines = check(token, resource.name, resource.inputs)
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"{token} '{resource.name}': ")
    for word in words:
        assert word in lines[0]


def test_a_property_without_a_mapping_fails_by_its_name(of_dev: dict[str, Declared]) -> None:
    pool = of_dev[NODE_POOL]
    pool.inputs["nodeConfig"]["guestAccelerators"][0]["typ"] = "nvidia-l4"
    (line,) = check(NODE_POOL, pool.name, pool.inputs)
    assert line.startswith(f"{NODE_POOL} '{pool.name}': nodeConfig.guestAccelerators[0].typ: has no mapping")


def test_a_required_field_that_is_missing_fails(of_dev: dict[str, Declared]) -> None:
    network = of_dev[NETWORK]
    del network.inputs["name"]
    (line,) = check(NETWORK, "network", network.inputs)
    assert "body name: is missing, compute.networks.insert requires it" in line


def test_a_type_without_a_table_fails_and_one_without_a_description_takes_known_properties_only() -> None:
    quota = "gcp:cloudquota/sQuotaPreference:SQuotaPreference"
    assert "has no table" in check("gcp:redis/instance:Instance", "cache", {})[0]
    assert check(quota, "gpus", {"quotaId": "GPUS-PER-GPU-FAMILY-per-project-region"}) == []
    assert "quotaIdd: is not listed" in check(quota, "gpus", {"quotaIdd": "x"})[0]
