"""Rule: images come from registries that are allowed, and by digest.

Judged wherever an image is named: containers, init and ephemeral containers and those that others put into a pod, runtimes of
KServe, services and jobs of Cloud Run, and the values of the platform's own Helm releases. Where the environment does not demand
digests, the tag of a release is let through with advice: a tag may move, so that two replicas run different code. Never `latest`,
and never a tag that only looks like a digest. Of a chart's image that names no tag, the chart's pinned version decides it.
One grammar for both engines (distribution/reference v0.6.0, 2024: a name without a registry is Docker Hub's), narrower than
Kyverno's own, which takes any registry and tag; what it does not take is refused. A value that is not known yet is refused.
What is knowingly let through stands in `EXEMPT`.
"""

from __future__ import annotations

import re

from policy.rules.image_places import CONTAINERS, Named, images_of, names_images
from policy.rules.resource_types import HELM_RELEASE
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.workload import PARTS

#: Registries and folders of what the platform installs, where the environment names none of its own: the charts and images of
#: components/kubernetes/versions.py and their values (2026-11).
SHIPPED_PREFIXES = (
    "docker.io/envoyproxy/",
    "docker.io/kserve/",
    "docker.io/openpolicyagent/",
    "docker.io/vllm/",
    "gcr.io/knative-releases/",
    "ghcr.io/kedacore/",
    "ghcr.io/kyverno/",
    "ghcr.io/opencost/",
    "quay.io/brancz/",
    "quay.io/jetstack/",
    "reg.kyverno.io/kyverno/",
)
#: What GKE itself puts into pods, as beside an engine with bucket volumes: from its own registries, whatever the environment
#: mirrors (GoogleCloudPlatform/gcs-fuse-csi-driver PR 880, 2025-07).
OF_GKE = "^(gke[.]gcr[.]io|[a-z0-9-]+-artifactregistry[.]gcr[.]io/gke-release/gke-release)/"

#: How Knative names Docker Hub once it has put a digest in place of a tag (google/go-containerregistry pkg/name; seen in a
#: revision's Deployment of Knative 1.23.0, 2026-11-26).
INDEX = "index.docker.io/"

_PATH = "[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*"
NAME = f"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(/{_PATH})+"
_TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
#: RE2 and Python alike: a name with its registry; the same by digest; the same by the tag of a release (three numbers).
WITH_REGISTRY = "^([^/]*[.:][^/]*|localhost)/"
BY_DIGEST = f"^{NAME}(:{_TAG})?@sha256:[0-9a-f]{{64}}$"
PINNED_TAG = f"({_TAG})?@sha256:[0-9a-f]{{64}}"
BY_RELEASE = f"^{NAME}:v?[0-9]+[.][0-9]+[.][0-9]+([_.-][A-Za-z0-9_.-]{{0,99}})?$"

#: Images of charts to whose tags the charts add something, so that no digest fits behind them (KServe 0.20.0).
WITHOUT_DIGEST = ("/kserve/huggingfaceserver",)

ELSEWHERE = "image from a registry that is not allowed"
NOT_BY_DIGEST = "image not by digest"
HOW = "name it as <registry>/<path>:<tag>@sha256:<64 lower-case hexadecimal digits>"
HOW_VALUES = "name the tag beside it with its digest, <tag>@sha256:<64 digits>"
HOW_RELEASE = "name it by digest, or at least by the tag of a release such as v0.33.0"


#: What the rule lets through with its eyes open, for the documentation.
EXEMPT = (
    "KServe's runtimes are held to their registry and to the tag of a release where digests are demanded too: to the tag of "
    "kserve-huggingfaceserver KServe adds `-gpu`, behind which no digest fits. What runs from a runtime is judged as a pod",
    "what a chart renders from its own defaults is not among the values that a preview sees. Of the platform's own charts the "
    "plan demands a digest of every image (`image_digests`), and a test holds that list against the rendered charts; in other "
    "releases name the images in the values",
    "admission does not judge the namespaces of the platform's controllers and of GKE, which must start while Kyverno is down; "
    "their images are those of the charts above, and GKE's own",
)


def prefixes(context: Context) -> tuple[str, ...]:
    """What images may begin with in an environment."""
    return context.image_prefixes or SHIPPED_PREFIXES


def check(resource: Resource, context: Context) -> list[Finding]:
    """One finding for each image that is from elsewhere, or not by digest."""
    demanded = context.require_digests and not _is_runtime(resource)
    found = [
        _judge(named, prefixes(context), demanded=demanded and not _takes_no_digest(resource, named))
        for named in images_of(resource)
    ]
    return [Finding(f"{resource.name}: {one.message}.", one.advisory) for one in found if one]


def _is_runtime(resource: Resource) -> bool:
    return resource.type.endswith("ServingRuntime")


def _takes_no_digest(resource: Resource, named: Named) -> bool:
    """True for the value of a chart that makes a tag of its own behind it."""
    return resource.type == HELM_RELEASE and named.part == "name" and str(named.value).endswith(WITHOUT_DIGEST)


def _judge(named: Named, allowed: tuple[str, ...], *, demanded: bool) -> Finding | None:
    if named.value is UNKNOWN:
        return Finding(f"the image at {named.where} is not known before the update; write it as a plain value")
    written = named.value if isinstance(named.value, str) else ""
    elsewhere = Finding(f"{ELSEWHERE} at {named.where}: '{written}'; allowed: {', '.join(allowed)}")
    if named.part == "registry":
        # which folder of it, the chart decides
        folder = f"{written}/"
        if not any(one.startswith(folder) or folder.startswith(one) for one in allowed):
            return elsewhere
        pinned = not demanded or re.fullmatch(PINNED_TAG, named.beside) is not None
        return (
            None
            if pinned
            else Finding(f"{NOT_BY_DIGEST} at {named.where}: '{written}' and the chart's own tags; {HOW_VALUES}")
        )
    reference = with_registry(written)
    if not reference.startswith(allowed) and not re.match(OF_GKE, reference):
        return elsewhere
    if re.fullmatch(BY_DIGEST, reference):
        return None
    stated = f"{NOT_BY_DIGEST} at {named.where}: '{written}'"
    released = re.fullmatch(NAME if named.part == "name" else BY_RELEASE, reference) is not None
    if demanded:
        return Finding(f"{stated}; {HOW}")
    return Finding(f"{stated}; {HOW if released else HOW_RELEASE}", advisory=released)


def with_registry(reference: str) -> str:
    """A reference with the registry that container runtimes take where none is named, and Docker Hub by its usual name."""
    if reference.startswith(INDEX):
        return f"docker.io/{reference.removeprefix(INDEX)}"
    if re.match(WITH_REGISTRY, reference):
        return reference
    return f"docker.io/{reference}" if "/" in reference else f"docker.io/library/{reference}"


def _validations(context: Context, *, demanded: bool) -> tuple[Validation, ...]:
    """Of the images in `variables.images`, as they are written."""
    full = (
        f'(image.startsWith("{INDEX}") ? "docker.io/" + image.substring({len(INDEX)}) : '
        f'image.matches("{WITH_REGISTRY}") ? image : '
        '(image.contains("/") ? "docker.io/" + image : "docker.io/library/" + image))'
    )
    listed = "[" + ", ".join(f'"{prefix}"' for prefix in prefixes(context)) + "]"
    from_here = f'({listed}.exists(prefix, {full}.startsWith(prefix)) || {full}.matches("{OF_GKE}"))'
    forms = (BY_DIGEST,) if demanded else (BY_DIGEST, BY_RELEASE)
    well_named = "(" + " || ".join(f'{full}.matches("{form}")' for form in forms) + ")"
    how = HOW if demanded else HOW_RELEASE
    return (
        Validation(
            f"variables.images.all(image, {from_here})",
            f"{ELSEWHERE}; allowed: {', '.join(prefixes(context))}.",
            _listing(ELSEWHERE, from_here, f"; allowed: {', '.join(prefixes(context))}."),
        ),
        Validation(
            f"variables.images.all(image, {well_named})",
            f"{NOT_BY_DIGEST}; {how}.",
            _listing(NOT_BY_DIGEST, well_named, f"; {how}."),
        ),
    )


def _listing(words: str, condition: str, end: str) -> str:
    return f'"{words}: \'" + variables.images.filter(image, !{condition}).join("\', \'") + "\'{end}"'


def _images(*containers: str) -> tuple[str, str]:
    """The variable `images` of lists of containers."""
    return "images", f'({" + ".join(containers)}).map(container, container.?image.orValue(""))'


def _containers(pod: str) -> list[str]:
    return [f"{pod}.?{kind}.orValue([])" for kind in CONTAINERS]


def admission(context: Context) -> tuple[AdmissionPolicy, ...]:
    """Pods, with the containers that others put into them; what makes pods; and containers that are added to running ones."""
    demanded = context.require_digests
    # what runs already is not held to a new demand until it changes
    changed = (("changes-what-runs", 'request.operation != "UPDATE" || object.?spec != oldObject.?spec'),)
    listed = " + ".join([*_containers("object.spec"), *_containers("object.spec.?workerSpec")])
    of_runtimes = {
        # as the chart brings them: one that is off is chosen by nothing
        "variables": (_images(f"(object.spec.?disabled.orValue(false) == true ? [] : {listed})"),),
        "validations": _validations(context, demanded=False),
    }
    parts = "[" + ", ".join(f'"{part}"' for part in PARTS) + "]"
    of_parts = " + ".join([*_containers("part"), *_containers("part.?workerSpec")])
    image = 'container.?image.orValue("")'
    return (
        AdmissionPolicy(
            name="allowed-images",
            resources=(("", "v1", "pods"),),
            variables=(_images(*_containers("object.spec")[:2]),),
            validations=_validations(context, demanded=demanded),
            match_conditions=changed,
            autogen=True,
        ),
        AdmissionPolicy(
            name="allowed-images-ephemeral",
            # added to running pods; on pods alone it would be rewritten for controllers, which have none
            resources=(("", "v1", "pods"), ("", "v1", "pods/ephemeralcontainers")),
            variables=(_images("object.spec.?ephemeralContainers.orValue([])"),),
            validations=_validations(context, demanded=demanded),
            match_conditions=changed,
        ),
        AdmissionPolicy(
            name="allowed-images-models",
            resources=(("serving.kserve.io", "v1beta1", "inferenceservices"),),
            variables=(
                ("parts", f"{parts}.filter(name, name in object.spec).map(name, object.spec[name])"),
                (
                    "frameworks",
                    "variables.parts.map(part, part.filter(key, type(part[key]) == map && "
                    '"image" in part[key]).map(key, string(part[key].image))).flatten()',
                ),
                (
                    "images",
                    f"variables.frameworks + variables.parts.map(part, ({of_parts}).map(container, {image})).flatten()",
                ),
            ),
            validations=_validations(context, demanded=demanded),
        ),
        AdmissionPolicy(
            name="allowed-images-runtimes",
            resources=(("serving.kserve.io", "v1alpha1", "servingruntimes"),),
            **of_runtimes,
        ),
        AdmissionPolicy(
            name="allowed-images-cluster-runtimes",
            resources=(("serving.kserve.io", "v1alpha1", "clusterservingruntimes"),),
            team_namespaces=False,
            **of_runtimes,
        ),
    )


RULE = Rule(
    id="allowed-images",
    title="Images come from allowed registries, by digest",
    why="whoever can move a tag, or publish under a name that looks right, runs code beside the models",
    fix="pull it through the environment's registry and write its digest behind the tag",
    severity="critical",
    applies=names_images,
    check=check,
    admission=admission,
    exempt=EXEMPT,
)
