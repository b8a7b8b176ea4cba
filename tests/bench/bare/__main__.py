"""Registers what `resources.json` lists, and does nothing else: what a preview costs without this project's code.

Only for `make bench`, which writes the file from a preview of dev: the same types, parents and inputs. What was unknown there is
unknown here too. The provider packages are imported, as every program with these resources does.
"""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

REGION, PROJECT = "us-central1", "example-gemma-dev"
#: How a preview prints what it does not know, and what it does not show.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = "[secret]"  # noqa: S105 - stands instead of one

google = gcp.Provider("google", project=PROJECT, region=REGION)
#: Its id is not known before an update.
anchor = gcp.compute.Network(
    "anchor", name="anchor", auto_create_subnetworks=False, opts=pulumi.ResourceOptions(provider=google)
)
kubernetes = k8s.Provider("gke", kubeconfig=anchor.id.apply(lambda name: f"server: {name}"))


def value(given: Any) -> Any:
    """The same, with an unknown output wherever a preview shows none."""
    if isinstance(given, dict):
        return {key: value(member) for key, member in given.items()}
    if isinstance(given, list):
        return [value(member) for member in given]
    return anchor.id if given in (UNKNOWN, SECRET) else given


made: dict[str, pulumi.Resource] = {}
for each in json.loads(Path("resources.json").read_text(encoding="utf-8")):
    parent = made.get(each["parent"])
    if each["component"]:
        opts = pulumi.ResourceOptions(parent=parent, providers=[google, kubernetes])
        made[each["urn"]] = pulumi.ComponentResource(each["type"], each["name"], {}, opts)
    else:
        provider = kubernetes if each["type"].startswith("kubernetes:") else google
        opts = pulumi.ResourceOptions(parent=parent, provider=provider)
        made[each["urn"]] = pulumi.CustomResource(each["type"], each["name"], value(each["inputs"]), opts)
