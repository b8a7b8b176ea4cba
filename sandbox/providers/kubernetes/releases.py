"""Releases of Helm: what the provider or Helm refuses, what a release brings into the cluster, and what is said of it.

Texts: Helm v3.22.0; outputs: ReleaseStatus of pulumi-kubernetes 4.34.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties
from sandbox.providers.kubernetes.charts import CHARTS, Chart
from sandbox.providers.kubernetes.kind_tables import definitions_of_groups
from sandbox.providers.kubernetes.schemas import no_matches
from sandbox.providers.sdk_arguments import arguments_at
from sandbox.providers.strict_inputs import failures as argument_failures
from sandbox.providers.values import at, known

#: The SDK keeps the class under another name of the group than the token does.
RELEASE = "pulumi_kubernetes.helm.v3:ReleaseArgs"
OCI, WEB = "oci://", ("https://", "http://")


def release_failures(inputs: Properties, old: Properties, auto_name: str) -> list[Failure]:
    """Names what has no name, as objects are named; the rest is held against the SDK's ReleaseArgs and the table of charts."""
    inputs.setdefault("name", old.get("name") or auto_name)
    found = argument_failures(arguments_at(RELEASE), inputs)
    return found or list(_chart_failures(inputs))


def chart_name(inputs: Properties) -> str:
    """The chart's own name, wherever it comes from."""
    return str(inputs.get("chart")).rstrip("/").rpartition("/")[2]


def brought(inputs: Properties) -> list[Properties]:
    """The definitions that come with a release."""
    chart = _chart(inputs)
    return list(definitions_of_groups(*chart.groups)) if chart.defines(inputs.get("values")) else []


def keeps(inputs: Properties) -> bool:
    """True when the definitions stay when the release goes."""
    return bool(_chart(inputs).keeps(inputs.get("values")))


def missing_kinds(inputs: Properties, has: Any) -> str | None:
    """Helm's refusal when the chart holds objects of kinds that the cluster lacks; `has` tells (apiVersion, kind)."""
    namespace = inputs.get("namespace") or "default"
    lacking = [
        f'resource mapping not found for name: "{name}" namespace: "{namespace}" from "": {no_matches(api_version, kind)}\n'
        "ensure CRDs are installed first"
        for api_version, kind, name in _chart(inputs).needs(inputs.get("values"))
        if not has(api_version, kind)
    ]
    if not lacking:
        return None
    reasons = lacking[0] if len(lacking) == 1 else f"[{', '.join(lacking)}]"
    return f"unable to build kubernetes objects from release manifest: {reasons}"


def foreign_definition(definitions: Iterable[tuple[str, str | None]], release_id: str) -> str | None:
    """Helm's refusal when a definition that it is to make exists and belongs to another; pairs of name and owner."""
    for name, owner in definitions:
        if owner != release_id:
            return (
                f'Unable to continue with install: CustomResourceDefinition "{name}" in namespace "" exists and cannot be '
                "imported into the current release: invalid ownership metadata"
            )
    return None


def release_outputs(inputs: Properties, revision: int) -> Properties:
    """The release with what Helm says of it."""
    status = {
        "name": inputs.get("name"),
        "namespace": inputs.get("namespace") or "default",
        "chart": chart_name(inputs),
        "version": _published(inputs),
        "appVersion": _chart(inputs).app_version,
        "revision": revision,
        "status": "deployed",
    }
    return {**inputs, "status": status}


def _chart(inputs: Properties) -> Chart:
    return CHARTS.get(chart_name(inputs), Chart(versions=(), app_version=""))


def _published(inputs: Properties) -> str:
    """The version as the chart itself writes it."""
    version = str(inputs.get("version"))
    return next((one for one in _chart(inputs).versions if _is_one_of(version, (one,), exactly=False)), version)


def _chart_failures(inputs: Properties) -> Iterator[Failure]:
    reference, version, repository = inputs.get("chart"), inputs.get("version"), at(inputs, "repositoryOpts", "repo")
    if not known(reference):
        return
    from_oci, name = str(reference).startswith(OCI), chart_name(inputs)
    if not from_oci and "/" in str(reference):
        yield "chart", f"the sandbox takes {OCI}<registry>/<path>/<chart>, or a chart's name with repositoryOpts.repo"
        return
    if not from_oci and repository is None:
        yield "repositoryOpts.repo", f'is missing: chart "{name}" not found, a name says no repository'
    elif not from_oci and known(repository) and not str(repository).startswith(WEB):
        yield "repositoryOpts.repo", f'looks like "{repository}" is not a valid chart repository or cannot be reached'
    if name not in CHARTS:
        yield "chart", f"the sandbox does not know {name}: add it to sandbox/providers/kubernetes/charts.py"
        return
    known_versions = CHARTS[name].versions
    if version is None:
        yield "version", f"is missing: Helm would take the newest, the sandbox knows {', '.join(known_versions)}"
    elif version != UNKNOWN and not _is_one_of(str(version), known_versions, exactly=from_oci):
        reason = f'chart "{name}" version "{version}" not found; the sandbox knows {", ".join(known_versions)}'
        yield "version", f"{reason} (sandbox/providers/kubernetes/charts.py)"


def _is_one_of(version: str, versions: tuple[str, ...], exactly: bool) -> bool:
    """In an OCI registry a version is a tag; in the index of a repository Helm finds it with and without a v in front."""
    if exactly:
        return version in versions
    return version.removeprefix("v") in [one.removeprefix("v") for one in versions]
