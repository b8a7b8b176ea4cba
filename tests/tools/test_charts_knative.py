"""What we tell Knative's operator, against the manifests and the code that it carries: keys, images, budgets, namespaces."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.kubernetes.keda import AUTHENTICATION
from components.kubernetes.knative_config import POD_SWITCHES, SOURCE_SWITCHES, ExternalAuthorization, make_config
from components.kubernetes.knative_serving import NAMESPACE, WITH_BUDGET, WITHOUT_BUDGET, make_spec
from components.kubernetes.versions import ENVOY_IMAGES, KNATIVE_IMAGES
from sandbox.upstream.go_modules import module_folder
from sandbox.upstream.knative import OPERATOR, config_map, documented_keys, manifests, unknown_config
from tests.kubernetes_api.kubeconform import validate
from tests.tools.charts.cases import HOST, MIRROR, PUBLIC
from tests.tools.charts.objects import images, not_restricted, of_kind, pods, without_size

pytestmark = pytest.mark.tools


def config(**changes: Any) -> dict[str, dict[str, str]]:
    """All that the config can hold."""
    asked = {
        "longest_request_seconds": 3600,
        "progress_deadline_seconds": 1800,
        "domain": "models.example.com",
        "external_authorization": ExternalAuthorization(host="authorization.gemma-ingress:9191"),
        "mirror": PUBLIC,
    }
    return make_config(**{**asked, **changes})


def test_every_key_is_documented_in_the_config_maps_of_the_release() -> None:
    assert unknown_config(config()) == []
    assert unknown_config(config(domain=None, external_authorization=None)) == []


def test_a_misspelt_key_and_a_misspelt_config_map_are_found() -> None:
    for name, data in config().items():
        if name != "domain":
            for key in data:
                assert unknown_config({name: {f"{key}s": "x"}}) == [f"config-{name} has no key {key}s"]
    assert unknown_config({"defualts": {}}) == ["there is no ConfigMap config-defualts"]


def test_no_value_is_what_the_release_does_anyway() -> None:
    """The examples show the defaults, but for observability, where they show something else, and kourier's own protocol."""
    for name, data in config().items():
        if name in ("domain", "observability"):
            continue
        shown = {**yaml.safe_load(config_map(name)["_example"]), **config_map(name)}
        same = {key for key, value in data.items() if str(shown[key]).lower() == value.lower()}
        # written out because requests must not pass when nobody answers, and because a mirror changes the image
        assert same <= {"extauthz-protocol", "extauthz-timeout", "queue-sidecar-image"}, name


def test_switches_of_pods_are_those_that_the_release_has_off() -> None:
    documented = documented_keys("features")
    for switch in (*POD_SWITCHES.values(), *SOURCE_SWITCHES.values()):
        assert switch in documented
        assert f'{switch}: "disabled"' in config_map("features")["_example"]


def test_the_images_are_those_of_the_release_by_digest_but_for_the_moving_one() -> None:
    shipped: dict[str, str] = {}
    for made in manifests():
        if made["kind"] in ("Deployment", "Job"):
            metadata = made["metadata"]
            for container in made["spec"]["template"]["spec"]["containers"]:
                shipped[f"{metadata.get('name') or metadata['generateName']}/{container['name']}"] = container["image"]
        if made["kind"] == "Image":
            shipped[made["metadata"]["name"]] = made["spec"]["image"]
    moving = {key: shipped.pop(key) for key in ENVOY_IMAGES}
    assert shipped == KNATIVE_IMAGES
    assert all("@sha256:" in image for image in {**KNATIVE_IMAGES, **ENVOY_IMAGES}.values())
    # ours is a patch release of the line that the release names
    (key,) = moving
    line = moving[key].removesuffix("-latest")
    assert moving[key].endswith("-latest")
    assert ENVOY_IMAGES[key].startswith(f"{line}.")
    assert config_map("deployment")["queue-sidecar-image"] == KNATIVE_IMAGES["queue-proxy"]


def test_every_image_can_come_from_a_mirror() -> None:
    spec = make_spec(config(mirror=MIRROR), True, MIRROR)
    override = spec["registry"]["override"]
    assert len(override) == len({**KNATIVE_IMAGES, **ENVOY_IMAGES})
    assert images(manifests())
    for reference in (*override.values(), spec["config"]["deployment"]["queue-sidecar-image"]):
        assert reference.startswith(f"{HOST}/")
        assert "@sha256:" in reference


def test_budgets_that_would_hold_up_a_node_are_replaced() -> None:
    """Shipped: 80 % of one or two replicas is all of them."""
    budgets = {made["metadata"]["name"]: made["spec"] for made in of_kind(manifests(), "PodDisruptionBudget")}
    names = {f"{part}-pdb" for part in WITH_BUDGET}
    assert budgets.keys() == names
    assert {budget["minAvailable"] for budget in budgets.values()} == {"80%"}
    for high_availability in (False, True):
        spec = make_spec(config(), high_availability, PUBLIC)
        assert {budget["name"] for budget in spec["podDisruptionBudgets"]} == names


def test_every_part_has_a_budget_with_high_availability() -> None:
    selected = [made["spec"]["selector"]["matchLabels"] for made in of_kind(manifests(), "PodDisruptionBudget")]
    selected += [{"app": app} for app in WITHOUT_BUDGET]
    for made in of_kind(manifests(), "Deployment"):
        labels = made["spec"]["template"]["metadata"]["labels"]
        covering = [one for one in selected if one.items() <= labels.items()]
        assert len(covering) == 1, made["metadata"]["name"]


def test_every_part_is_spread_by_the_label_of_its_own_pods() -> None:
    spread = {
        part["name"]: {one["labelSelector"]["matchLabels"]["app"] for one in part["topologySpreadConstraints"]}
        for part in make_spec(config(), True, PUBLIC)["workloads"]
    }
    assert spread == {
        made["metadata"]["name"]: {made["spec"]["template"]["metadata"]["labels"]["app"]}
        for made in of_kind(manifests(), "Deployment")
    }


def test_the_operators_pods_pass_pod_security_restricted_and_have_sizes() -> None:
    for name, pod in pods(manifests()):
        assert not_restricted(pod) == [], name
        assert without_size(pod) == [], name


def test_the_operator_puts_kouriers_gateway_into_the_namespace_of_its_object() -> None:
    """The manifests say kourier-system; what the operator does with them decides where the gateway and its Services are."""
    namespaces = {made["metadata"].get("namespace") for made in manifests() if made["kind"] == "Service"}
    assert namespaces == {"knative-serving", "kourier-system"}
    code = (module_folder(OPERATOR) / "pkg" / "reconciler" / "common" / "transformers.go").read_text(encoding="utf-8")
    assert "mf.InjectNamespace(obj.GetNamespace())" in code
    gateway = (module_folder(OPERATOR) / "pkg/reconciler/knativeserving/ingress/kourier.go").read_text(encoding="utf-8")
    assert "envVar.Value = deployment.GetNamespace()" in gateway


def knative_object(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "operator.knative.dev/v1beta1",
        "kind": "KnativeServing",
        "metadata": {"name": NAMESPACE, "namespace": NAMESPACE},
        "spec": spec,
    }


def test_the_object_is_valid_by_the_operators_own_definition() -> None:
    specs = [make_spec(config(), high_availability, MIRROR) for high_availability in (False, True)]
    assert validate([knative_object(spec) for spec in specs]) == []
    (finding,) = validate([knative_object({**specs[0], "ingress": {"kourier": {"enable": True}}})])
    assert finding.path == "/spec/ingress/kourier"


def test_kedas_authentication_is_valid_by_its_own_definition() -> None:
    made = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ClusterTriggerAuthentication",
        "metadata": {"name": AUTHENTICATION},
        "spec": {"podIdentity": {"provider": "gcp"}},
    }
    assert validate([made]) == []
    (finding,) = validate([{**made, "spec": {"podIdentity": {"provider": "google"}}}])
    assert finding.path == "/spec/podIdentity/provider"
