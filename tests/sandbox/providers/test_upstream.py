"""The tables of kinds, charts and Knative's settings say what the projects' own releases say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from sandbox.providers.kubernetes.charts import CHARTS
from sandbox.providers.kubernetes.core_schemas import references_to_fields
from sandbox.providers.kubernetes.definitions import strict_schema
from sandbox.providers.kubernetes.kind_tables import definitions_of_groups, known_definition
from sandbox.providers.kubernetes.knative_config import KEYS
from sandbox.providers.kubernetes.knative_revisions import DROPPED_OF_CONTAINER, FREE, SWITCHED
from sandbox.providers.kubernetes.serving_stack import KNATIVE_GROUPS, KNATIVE_VERSIONS
from sandbox.upstream.definitions import TABLED, definitions
from sandbox.upstream.go_modules import module_folder
from tests.sandbox.providers.custom_objects import OBJECTS
from tests.sandbox.providers.serving_objects import KNATIVE, KNATIVE_MODEL

pytestmark = pytest.mark.tools

OF_EVERY_OBJECT = {"apiVersion", "kind", "metadata", "status"}
KODATA = "cmd/operator/kodata"
#: Words with a colon behind them in the examples of Knative's config maps that are no keys, and keys that no example shows.
NO_KEYS = {"matchExpressions", "see", "svc.cluster.local", "example.com", "example.org"}
NOT_SHOWN = {"queue-sidecar-image"}
#: Fields of a revision beside those of its pod.
OF_REVISION = {"containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds", "idleTimeoutSeconds"}
#: Of some of GKE's kinds there is no definition to compare with.
RELEASED = [
    value
    for value in (KNATIVE, KNATIVE_MODEL, *OBJECTS.values())
    if value["apiVersion"].partition("/")[0] not in TABLED
]


@pytest.fixture(scope="module")
def released() -> dict[tuple[str, str], dict[str, Any]]:
    """Closed schemas of the releases' own definitions, by apiVersion and kind."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for definition in definitions():
        spec = definition["spec"]
        for version in spec["versions"]:
            schema = strict_schema(version["schema"]["openAPIV3Schema"], root=True)
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


@pytest.mark.parametrize("value", RELEASED, ids=lambda value: value["kind"])
def test_a_kind_has_the_fields_of_its_release(
    released: dict[tuple[str, str], dict[str, Any]], value: dict[str, Any]
) -> None:
    group, _, version = value["apiVersion"].rpartition("/")
    definition = known_definition(group, value["kind"])
    assert definition is not None
    [schema] = [one["schema"]["openAPIV3Schema"] for one in definition["spec"]["versions"] if one["name"] == version]
    ours, theirs = strict_schema(schema, root=True), released[value["apiVersion"], value["kind"]]
    assert list(differences(ours, theirs, OF_EVERY_OBJECT)) == []


def differences(ours: Any, theirs: Any, left_out: set[str], path: str = "") -> Iterator[str]:
    """Where two schemas differ, as far as ours says anything: fields, which of them are needed, types and limits."""
    for rule in ("type", "minimum", "maximum", "minItems", "maxItems"):
        if rule in ours and "anyOf" not in theirs and ours[rule] != theirs.get(rule):
            yield f"{path}: {rule} {ours[rule]}, released {theirs.get(rule)}"
    if "enum" in ours and set(ours["enum"]) != set(theirs.get("enum", ())):
        yield f"{path}: {ours['enum']}, released {theirs.get('enum')}"
    if isinstance(ours.get("items"), dict):
        yield from differences(ours["items"], theirs.get("items", {}), set(), f"{path}[]")
    if isinstance(ours.get("additionalProperties"), dict):
        yield from differences(ours["additionalProperties"], theirs.get("additionalProperties", {}), set(), f"{path}.*")
    if ours.get("additionalProperties") is False:
        mine, released = ours["properties"], theirs.get("properties", {})
        if odd := (set(mine) ^ set(released)) - left_out:
            yield f"{path}: only one of the two has {sorted(odd)}"
        if set(ours.get("required", ())) != set(theirs.get("required", ())) - left_out:
            yield f"{path}: needs {ours.get('required')}, released {theirs.get('required')}"
        for field in (set(mine) & set(released)) - left_out:
            yield from differences(mine[field], released[field], set(), f"{path}.{field}")


@pytest.mark.parametrize(
    ("chart", "module", "files"),
    [
        ("cert-manager", "github.com/cert-manager/cert-manager", "deploy/charts/cert-manager/templates/crd-*.yaml"),
        ("keda", "github.com/kedacore/keda/v2", "config/crd/bases/*.yaml"),
        ("knative-operator", "knative.dev/operator", "config/charts/knative-operator/templates/crds/*.yaml"),
        ("kserve-crd", "github.com/kserve/kserve", "charts/kserve-crd/*/*.yaml"),
        ("kyverno", "github.com/kyverno/api", "config/crds/policies.kyverno.io_*.yaml"),
    ],
)
def test_a_chart_brings_the_kinds_that_it_holds(chart: str, module: str, files: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in module_folder(module).glob(files)]
    names = {match for text in texts for match in re.findall(r'(?m)^  name: "?([a-z.-]+\.[a-z.-]+)"?$', text)}
    assert {one["metadata"]["name"] for one in definitions_of_groups(*CHARTS[chart].groups)} == names


def manifests(path: str) -> list[dict[str, Any]]:
    """The objects of a file of what the Knative operator installs."""
    text = (module_folder("knative.dev/operator") / KODATA / path).read_text(encoding="utf-8")
    return [one for one in yaml.load_all(text, yaml.CSafeLoader) if one]


def test_the_operator_carries_these_releases_of_knative_and_brings_these_kinds() -> None:
    folder = module_folder("knative.dev/operator") / KODATA / "knative-serving"
    assert sorted(KNATIVE_VERSIONS) == sorted(path.name for path in folder.iterdir())
    crds = {one["metadata"]["name"] for one in manifests("knative-serving/1.23.0/1-serving-crds.yaml")}
    assert {one["metadata"]["name"] for one in definitions_of_groups(*KNATIVE_GROUPS)} == crds


def test_the_config_maps_of_knative_have_these_keys() -> None:
    core = manifests("knative-serving/1.23.0/2-serving-core.yaml")
    maps = {
        one["metadata"]["name"].removeprefix("config-"): one.get("data") or {}
        for one in [*core, *manifests("ingress/1.23/kourier/kourier.yaml")]
        if one["kind"] == "ConfigMap"
    }
    assert set(KEYS) == set(maps) - {"tracing"}  # which says nothing any more
    for name, keys in KEYS.items():
        shown = set(re.findall(r"(?m)^(?:# ?)?([a-z][\w.-]*):(?: |$)", maps[name].get("_example", ""))) - NO_KEYS
        shown |= set(maps[name]) - {"_example"}
        if keys is not None:
            assert set(keys.split()) - NOT_SHOWN == shown - NOT_SHOWN, name


def test_the_fields_of_a_revision_are_free_switched_or_dropped_as_its_definition_says() -> None:
    [service] = [
        one
        for one in manifests("knative-serving/1.23.0/1-serving-crds.yaml")
        if one["metadata"]["name"] == "services.serving.knative.dev"
    ]
    spec: Any = service["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for field in ("spec", "template", "spec"):
        spec = spec["properties"][field]
    pod = spec["properties"]
    assert set(pod) == {*FREE, *SWITCHED, *OF_REVISION, "automountServiceAccountToken"}
    for field, switch in SWITCHED.items():
        assert f"kubernetes.podspec-{switch}" in pod[field]["description"]
    container = set(references_to_fields("core.v1.Container"))
    # of newer Kubernetes, and in no release of KServe's yet
    assert container - set(pod["containers"]["items"]["properties"]) - {"restartPolicyRules"} == {*DROPPED_OF_CONTAINER}
