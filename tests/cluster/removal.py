"""What tests of removal share: one team that goes, and a stack whose objects are deleted one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from components.kubernetes import cert_manager
from components.kubernetes.versions import CERT_MANAGER, KSERVE_CRD
from sandbox.providers.kubernetes.cluster import KEEP, POLICY
from sandbox.providers.kubernetes.live.installer import DEFINITION
from sandbox.upstream.helm import rendered
from sandbox.upstream.knative import manifests
from tests.cluster.conftest import Stage, eventually
from tests.cluster.inventory import leaving, mentioning, names_of, objects, of_others, title
from tests.sandbox.harness import Result

#: The provider that stands for the cluster, and ends so.
PROVIDER = "pulumi:providers:kubernetes::gke"
#: Longest that all objects of a stack take to go, on busy cores.
GOING_SECONDS = 600.0
#: Kyverno's own webhooks: the hooks of its chart take them back before it goes, and no hook's program runs here. Whether the
#: controllers leave them depends on which of several ends last.
WEBHOOKS = re.compile(r"(Mutating|Validating)WebhookConfiguration kyverno-[a-z-]+-webhook-cfg")
#: Namespaces of an empty cluster.
BUILT_IN = ["default", "kube-node-lease", "kube-public", "kube-system"]


def urn_of(stage: Stage, end: str) -> str:
    """URN of the one resource whose URN ends so."""
    (urn,) = [one["urn"] for one in stage.sandbox.resources(stage.env) if one["urn"].endswith(end)]
    return urn


def identities(stage: Stage, namespace: str) -> dict[str, str]:
    """What tells whether the objects of a namespace are still the same ones, without what comes and goes by itself."""
    found = (one for one in objects(stage.api, namespace) if "Report" not in one["kind"])
    return {title(one): one["metadata"]["uid"] for one in found}


def remove_team(stage: Stage, team: str) -> Result:
    """An update without the team's file, whatever comes of it."""
    file = f"stacks/{stage.env}/teams/{team}.yaml"
    if (stage.sandbox.project / file).exists():
        stage.sandbox.remove(file)
    return stage.sandbox.up(stage.env)


def check_nothing_left(stage: Stage, namespace: str) -> None:
    """Nothing of a team: not its namespace, nothing in it, and nothing anywhere that speaks of it."""
    assert stage.api.get("v1", "Namespace", namespace) is None
    assert names_of(objects(stage.api, namespace)) == []
    # what controllers keep about it goes a moment later
    eventually(lambda: _silent(stage, namespace), f"nothing speaks of {namespace}")


def destroy_objects(stage: Stage) -> Result:
    """Deletes what is in the cluster object by object, and leaves the cluster: else all of it would only go with the cluster."""
    limited = replace(stage.sandbox, time_limit=GOING_SECONDS)
    return limited.destroy(stage.env, "--skip-preview", "--exclude", urn_of(stage, PROVIDER))


def check_rest_goes(stage: Stage) -> None:
    """Destroys what is left of the stack: nothing of it stays, and the nodes go with their pools."""
    destroyed = stage.sandbox.destroy(stage.env)
    assert destroyed.exit_code == 0, destroyed.output
    assert stage.sandbox.resources(stage.env) == []
    eventually(lambda: stage.api.list("v1", "Node") == [], "no node is left")


def check_cluster_empty(stage: Stage) -> None:
    """What is left is what was there before any stack, and what is documented to stay."""
    assert names_of(stage.api.list("v1", "Namespace")) == [f"Namespace {one}" for one in BUILT_IN]
    found = objects(stage.api)
    assert leaving(found) == []
    left = [one for one in names_of(of_others(found)) if not WEBHOOKS.fullmatch(one)]
    assert left == sorted(set(kept()))


def kept() -> Iterator[str]:
    """Definitions that stay, with all that was made of them.

    KServe's release is never uninstalled (components/kubernetes/kserve.py), cert-manager's keeps them by Helm's own mark
    (components/kubernetes/cert_manager.py), and so does Knative's operator (components/kubernetes/knative_serving.py).
    """
    of_kserve = rendered(KSERVE_CRD, {}, "kserve")
    certificates = rendered(CERT_MANAGER, cert_manager.make_values(False, {}), cert_manager.NAMESPACE)
    of_certificates = [one for one in certificates if one["metadata"].get("annotations", {}).get(POLICY) == KEEP]
    for made in (*of_kserve, *of_certificates, *manifests()):
        if made["kind"] == DEFINITION:
            yield title(made)


def _silent(stage: Stage, namespace: str) -> bool:
    """False also tells, in the failure's output, what still speaks of it."""
    left = mentioning(objects(stage.api), namespace)
    print(f"left of {namespace}: {left}")
    return not left
