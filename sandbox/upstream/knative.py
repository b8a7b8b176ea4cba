"""The manifests that Knative's operator installs, and the keys that their ConfigMaps document."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from components.kubernetes.versions import KNATIVE_SERVING
from sandbox.upstream.go_modules import module_folder

OPERATOR = "knative.dev/operator"


@cache
def manifests() -> tuple[dict[str, Any], ...]:
    """All objects of Knative Serving and Kourier at the pinned version, as the operator reads them."""
    kodata = module_folder(OPERATOR) / "cmd" / "operator" / "kodata"
    minor = KNATIVE_SERVING.rpartition(".")[0]
    files = sorted((kodata / "knative-serving" / KNATIVE_SERVING).glob("*.yaml"))
    files += sorted((kodata / "ingress" / minor / "kourier").glob("*.yaml"))
    assert len(files) == 5, f"the operator does not carry Knative {KNATIVE_SERVING} with Kourier"
    return tuple(
        made
        for file in files
        for made in yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        if made
    )


def config_map(name: str) -> dict[str, str]:
    """Data of a ConfigMap, named without `config-`."""
    (found,) = [
        made for made in manifests() if made["kind"] == "ConfigMap" and made["metadata"]["name"] == f"config-{name}"
    ]
    return found["data"]


def documented_keys(name: str) -> set[str]:
    """Keys that the `_example` of a ConfigMap explains, and those that it ships."""
    data = config_map(name)
    return set(yaml.safe_load(data["_example"])) | (data.keys() - {"_example"})


def unknown_config(config: dict[str, dict[str, str]]) -> list[str]:
    """What the release does not document of a KnativeServing's `config`, in words. A domain is a key of its own."""
    names = {made["metadata"]["name"] for made in manifests() if made["kind"] == "ConfigMap"}
    found = [f"there is no ConfigMap config-{name}" for name in config if f"config-{name}" not in names]
    for name, data in config.items():
        if name != "domain" and f"config-{name}" in names:
            found += [f"config-{name} has no key {key}" for key in data.keys() - documented_keys(name)]
    return found
