"""Examples of the rule allowed-images: registries, digests and tags, and what only looks like them."""

from __future__ import annotations

from typing import Any

from policy.examples.engine_objects import NAMESPACE_NAME, Change, Content, beside, container, served
from policy.examples.labelled_objects import DIGEST, add_container, on_cloud_run, pod
from policy.rules.allowed_images import ELSEWHERE, NOT_BY_DIGEST
from policy.rules.resource_types import CLOUD_RUN_JOB, HELM_RELEASE
from policy.rules.rule import UNKNOWN, Context, Example, Resource

VLLM = "docker.io/vllm/vllm-openai"
BY_DIGEST = f"{VLLM}:v0.33.0@{DIGEST}"
KSERVE = "docker.io/kserve"
PINNED = f"v0.33.0@{DIGEST}"
MIRROR = "mirror.example.com:5000/models"
#: An environment that demands digests; one with a registry of its own; and one with both.
STRICT = Context(require_digests=True)
OWN = Context(image_prefixes=(f"{MIRROR}/",))
#: What GKE puts beside an engine with bucket volumes (GoogleCloudPlatform/gcs-fuse-csi-driver PR 880, 2025-07).
OF_GKE = f"us-central1-artifactregistry.gcr.io/gke-release/gke-release/gcs-fuse-csi-driver-sidecar-mounter:v1.21.4-gke.2@{DIGEST}"
QUEUE_PROXY = f"gcr.io/knative-releases/knative.dev/serving/cmd/queue@{DIGEST}"


def _runs(image: str) -> Change:
    """Sets the image of the first container of a pod."""
    return lambda content: content["spec"]["containers"][0].update(image=image)


def _added(image: str) -> Change:
    """As `kubectl debug` adds one: without resources of its own, and with what Pod Security asks of all containers."""

    def add(content: Content) -> None:
        rights = content["spec"]["containers"][0]["securityContext"]
        content["spec"]["ephemeralContainers"] = [{"name": "debugger", "image": image, "securityContext": rights}]

    return add


def _model(image: str, *changes: Change) -> Resource:
    return served(lambda content: container(content).update(image=image), *changes)


def _service(image: Any) -> Resource:
    return on_cloud_run(lambda content: content["template"]["containers"][0].update(image=image))


def _job(image: str) -> Resource:
    return Resource(CLOUD_RUN_JOB, "load", {"template": {"template": {"containers": [{"image": image}]}}})


def _deployment(image: str) -> Resource:
    template = pod(_runs(image)).properties
    labels = {"app": "beside"}
    metadata = {**template["metadata"], "name": "beside"}
    return Resource.of_object(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": {**metadata["labels"], **labels}}, "spec": template["spec"]},
            },
        }
    )


def _runtime(image: str, kind: str = "ClusterServingRuntime", **spec: object) -> Resource:
    """A runtime of KServe, for the whole cluster or of a team."""
    containers = [{"name": "kserve-container", "image": image}]
    return Resource.of_object(
        {
            "apiVersion": "serving.kserve.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": "engine", **({"namespace": NAMESPACE_NAME} if kind == "ServingRuntime" else {})},
            "spec": {"supportedModelFormats": [{"name": "vLLM"}], "containers": containers, **spec},
        }
    )


def _release(**values: object) -> Resource:
    return Resource(HELM_RELEASE, "controller", {"chart": "controller", "values": {"controller": values}})


def _transformer(image: str) -> Change:
    def change(content: Content) -> None:
        beside_it = {**container(content), "name": "transformer", "image": image}
        content["spec"]["transformer"] = {"containers": [beside_it]}

    return change


def _pass(shows: str, resource: Resource, context: Context = STRICT, *, admission: bool = True) -> Example:
    return Example(shows, resource, None, context, admission, beside=beside())


def _deny(shows: str, resource: Resource, denied: str, context: Context = STRICT, *, admission: bool = True) -> Example:
    return Example(shows, resource, denied, context, admission, beside=beside())


EXAMPLES: tuple[Example, ...] = (
    _pass("a tag and a digest", pod(_runs(BY_DIGEST))),
    _pass("a digest alone", pod(_runs(f"{VLLM}@{DIGEST}"))),
    _pass("latest, pinned by a digest", pod(_runs(f"{VLLM}:latest@{DIGEST}"))),
    _pass("Docker Hub without its name", pod(_runs(f"vllm/vllm-openai@{DIGEST}"))),
    _pass("Docker Hub as Knative names it", pod(_runs(f"index.docker.io/vllm/vllm-openai@{DIGEST}"))),
    _pass("a registry with a port", pod(_runs(f"{MIRROR}/vllm/vllm-openai:v0.33.0")), OWN),
    _pass("the tag of a release, where digests are not demanded", pod(_runs(f"{VLLM}:v0.33.0")), Context()),
    _pass("what Knative puts beside it", pod(_runs(BY_DIGEST), add_container("containers", QUEUE_PROXY))),
    _pass("what GKE puts before it", pod(_runs(f"{MIRROR}/x:1.2.3"), add_container("initContainers", OF_GKE)), OWN),
    _pass("a model", _model(BY_DIGEST)),
    _pass("a service on Cloud Run", _service(BY_DIGEST), admission=False),
    _pass("a runtime by a release", _runtime("kserve/huggingfaceserver:v0.20.0-gpu")),
    _pass("a runtime that is off", _runtime("tensorflow/serving:2.6.2", disabled=True)),
    _pass("a team's runtime by digest", _runtime(BY_DIGEST, "ServingRuntime")),
    _pass("a container that is added to a running pod", pod(_runs(BY_DIGEST), _added(BY_DIGEST))),
    _pass("values that name a release", _release(image=VLLM, tag="v0.33.0"), Context(), admission=False),
    _pass("values by digest", _release(image={"repository": VLLM, "digest": DIGEST}), admission=False),
    _pass("a mirror of a registry", _release(image={"registry": MIRROR}), OWN, admission=False),
    _pass("the registry of an allowed folder", _release(image={"registry": "ghcr.io"}), Context(), admission=False),
    _pass(
        "a registry, and a tag with its digest", _release(image={"registry": "ghcr.io", "tag": PINNED}), admission=False
    ),
    _pass(
        "an image to whose tag its chart adds something", _release(image=f"{KSERVE}/huggingfaceserver"), admission=False
    ),
    _pass("values that call their tag otherwise", _release(jobImage=VLLM, jobTag=PINNED), admission=False),
    _deny("a registry that looks like an allowed one", pod(_runs(f"docker.io.evil.com/vllm/x@{DIGEST}")), ELSEWHERE),
    _deny("a folder elsewhere, as Knative names it", pod(_runs(f"index.docker.io/evil/x@{DIGEST}")), ELSEWHERE),
    _deny("a folder that begins like an allowed one", pod(_runs(f"docker.io/vllm-evil/x@{DIGEST}")), ELSEWHERE),
    _deny(
        "another port of an allowed registry", pod(_runs(f"mirror.example.com:5001/models/x@{DIGEST}")), ELSEWHERE, OWN
    ),
    _deny("the public registry where there is a mirror", pod(_runs(BY_DIGEST)), ELSEWHERE, OWN),
    _deny("a short name of Docker Hub", pod(_runs("busybox")), ELSEWHERE),
    _deny("one that only looks like GKE's", pod(_runs(f"artifactregistry.gcr.io.evil.com/gke/x@{DIGEST}")), ELSEWHERE),
    _deny("a release, where digests are demanded", pod(_runs(f"{VLLM}:v0.33.0")), NOT_BY_DIGEST),
    _deny("a tag that looks like a digest", pod(_runs(f"{VLLM}:{DIGEST.replace(':', '-')}")), NOT_BY_DIGEST),
    _deny("such a tag where releases pass", pod(_runs(f"{VLLM}:sha256-abc")), NOT_BY_DIGEST, Context()),
    _deny("latest", pod(_runs(f"{VLLM}:latest")), NOT_BY_DIGEST, Context()),
    _deny("no tag", pod(_runs(VLLM)), NOT_BY_DIGEST, Context()),
    _deny("a moving tag of a line of releases", pod(_runs(f"{VLLM}:v0.33-latest")), NOT_BY_DIGEST, Context()),
    _deny("a digest of 63 digits", pod(_runs(f"{VLLM}@{DIGEST[:-1]}")), NOT_BY_DIGEST),
    _deny("a digest in capitals", pod(_runs(f"{VLLM}@sha256:{DIGEST[7:].upper()}")), NOT_BY_DIGEST),
    _deny("a digest of another kind", pod(_runs(f"{VLLM}@sha512:{DIGEST[7:]}")), NOT_BY_DIGEST),
    _deny("a path that leaves its folder", pod(_runs(f"docker.io/vllm/../evil/x@{DIGEST}")), NOT_BY_DIGEST),
    _deny("an init container", pod(_runs(BY_DIGEST), add_container("initContainers", "evil/x")), ELSEWHERE),
    _deny("a container put beside it", pod(_runs(BY_DIGEST), add_container("containers", "evil/x")), ELSEWHERE),
    _deny("a Deployment before its pods", _deployment(f"{VLLM}:latest"), NOT_BY_DIGEST, Context()),
    _deny("a model from elsewhere", _model(f"evil.example.com/vllm:v0.33.0@{DIGEST}"), ELSEWHERE),
    _deny("the transformer of a model", _model(BY_DIGEST, _transformer(f"{VLLM}:latest")), NOT_BY_DIGEST, Context()),
    _deny("a runtime from elsewhere", _runtime(f"quay.io/evil/x@{DIGEST}"), ELSEWHERE),
    _deny("a team's runtime that moves", _runtime(f"{VLLM}:latest", "ServingRuntime"), NOT_BY_DIGEST),
    _deny("a runtime that moves", _runtime(f"{VLLM}:latest"), NOT_BY_DIGEST),
    _deny("a team's runtime from elsewhere", _runtime(f"quay.io/evil/x@{DIGEST}", "ServingRuntime"), ELSEWHERE),
    _deny("a container that somebody adds by a tag", pod(_runs(BY_DIGEST), _added(f"{VLLM}:v0.33.0")), NOT_BY_DIGEST),
    _deny("a container that somebody adds", pod(_runs(BY_DIGEST), _added("busybox:1.36.1")), ELSEWHERE),
    _deny("a service that moves", _service(f"{VLLM}:latest"), NOT_BY_DIGEST, Context(), admission=False),
    _deny("a job from elsewhere", _job(f"ghcr.io/evil/x@{DIGEST}"), ELSEWHERE, admission=False),
    _deny("an image that is not known yet", _service(UNKNOWN), "not known before the update", admission=False),
    _deny("values that move", _release(image=VLLM, tag="latest"), NOT_BY_DIGEST, Context(), admission=False),
    _deny("values from elsewhere", _release(repository="quay.io/evil/x"), ELSEWHERE, Context(), admission=False),
    _deny(
        "a mirror of somebody else", _release(image={"registry": "evil.example.com"}), ELSEWHERE, OWN, admission=False
    ),
    _deny(
        "values by a release, where digests are demanded",
        _release(image=f"{VLLM}:v0.33.0"),
        NOT_BY_DIGEST,
        admission=False,
    ),
    _deny("an image of that chart without a tag", _release(image=f"{KSERVE}/agent"), NOT_BY_DIGEST, admission=False),
    _deny(
        "a registry alone, where digests are demanded",
        _release(image={"registry": "ghcr.io"}),
        NOT_BY_DIGEST,
        admission=False,
    ),
    _deny(
        "a registry, and a tag with half a digest",
        _release(image={"registry": "ghcr.io", "tag": PINNED[:-1]}),
        NOT_BY_DIGEST,
        admission=False,
    ),
    _deny(
        "values whose tag belongs to another image",
        _release(jobImage=VLLM, proxyTag=PINNED),
        NOT_BY_DIGEST,
        admission=False,
    ),
    _deny("values that are not known yet", _release(image=UNKNOWN), "not known before the update", admission=False),
)
