"""Examples of the rule vram-fit: with the record that stands beside a deployment, and without."""

from __future__ import annotations

from typing import Any

from components.kubernetes.engine_pod import GPU_RESOURCE, INFERENCE_SERVICE_LABEL
from components.sizing.catalogue import load_catalogue
from components.sizing.engine_config import Load
from components.sizing.memory import Fit, assess
from policy.examples.engine_objects import (
    DEMAND,
    DEPLOYMENT,
    NAME,
    NAMESPACE_NAME,
    Content,
    beside,
    container,
    flag,
    namespace,
    served,
    service,
)
from policy.rules.resource_types import CLOUD_RUN_SERVICE
from policy.rules.rule import UNKNOWN, Context, Example, Resource
from policy.rules.vram_fit import ADVISES_TIGHT
from policy.rules.workload import engine_of, read


def _first_too_tight() -> int:
    """The fewest requests at once that no longer fit for sure: less than 0.1 GiB are missing."""
    engine = engine_of(served())
    if engine is None:
        raise AssertionError("the example runs no engine")
    config, _, _ = read(engine.workload, load_catalogue())
    for requests in range(config.max_num_seqs, 256):
        load = Load(requests, DEMAND.full_context_requests, DEMAND.typical_tokens)
        if assess(config._replace(max_num_seqs=requests), load).fit is not Fit.FITS:
            return requests
    raise AssertionError("no number of requests is too many")


FIRST_TOO_TIGHT = flag(f"--max-num-seqs={_first_too_tight()}")
LAST_THAT_FITS = flag(f"--max-num-seqs={_first_too_tight() - 1}")
TOO_MANY = flag("--max-num-seqs=200")


def _verdict(verdict: str) -> Any:
    return lambda record: record.update(verdict=verdict)


def _pod(name: str | None) -> Resource:
    """A pod with a GPU that says it belongs to the deployment `name`."""
    labels = {INFERENCE_SERVICE_LABEL: name} if name else {}
    engine = container(service())
    return Resource.of_object(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "engine-0", "namespace": NAMESPACE_NAME, "labels": labels},
            "spec": {
                "automountServiceAccountToken": False,
                "securityContext": service()["spec"]["predictor"]["securityContext"],
                "containers": [{key: value for key, value in engine.items() if key != "volumeMounts"}],
            },
        }
    )


def _without_gpu(content: Content) -> None:
    predictor = content["spec"]["predictor"]
    del predictor["nodeSelector"]
    amounts = {"cpu": "2", "memory": "4Gi"}
    container(content).update(command=["python3", "-m", "ranking"], args=[], resources={"limits": amounts})


def _on_cloud_run(*words: str) -> Resource:
    """The same engine on Cloud Run, which has no admission."""
    content = service(*(flag(word) for word in words))
    engine = container(content)
    resources = {"limits": {"cpu": "8", "memory": "32Gi", GPU_RESOURCE: "1"}}
    start = {"image": engine["image"], "commands": engine["command"], "args": engine["args"], "resources": resources}
    template = {"nodeSelector": {"accelerator": "nvidia-l4"}, "containers": [start]}
    properties = {"annotations": content["metadata"]["annotations"], "template": template}
    return Resource(CLOUD_RUN_SERVICE, DEPLOYMENT, properties)


EXAMPLES: tuple[Example, ...] = (
    Example("a deployment as it was sized", served(), beside=beside()),
    Example("the most requests that fit", served(LAST_THAT_FITS), beside=beside(LAST_THAT_FITS)),
    Example(
        "a tight fit where the environment allows it",
        served(FIRST_TOO_TIGHT),
        context=Context(allow_tight=True),
        beside=beside(FIRST_TOO_TIGHT, _verdict("tight")),
    ),
    Example(
        "a tight fit where the environment is only told of it",
        served(FIRST_TOO_TIGHT),
        context=Context(advisory=frozenset({ADVISES_TIGHT})),
        beside=beside(FIRST_TOO_TIGHT, _verdict("tight")),
    ),
    Example(
        "a deployment that is being deleted, and whose record is gone",
        served(lambda s: s["metadata"].update(deletionTimestamp="2026-11-26T00:00:00Z")),
        beside=(namespace(),),
        admission=False,  # a match condition of every policy, which leaves no answer
    ),
    Example("a service without GPU and engine", served(_without_gpu), beside=(namespace(),)),
    Example("a pod of a deployment with a record", _pod(NAME), beside=beside()),
    Example("an engine on Cloud Run", _on_cloud_run(), admission=False),
    Example(
        "one request more than fits, by less than 0.1 GiB",
        served(FIRST_TOO_TIGHT),
        denied="is too tight on 1 x nvidia-l4",
        beside=beside(FIRST_TOO_TIGHT, _verdict("tight")),
        denied_at_admission="verdict is not allowed in this environment: 'tight'",
    ),
    Example(
        "far too many requests, where a tight fit is allowed",
        served(TOO_MANY),
        denied="does not fit",
        context=Context(allow_tight=True),
        beside=beside(TOO_MANY, _verdict("does-not-fit")),
        denied_at_admission="verdict is not allowed in this environment: 'does-not-fit'",
    ),
    Example(
        "a record whose verdict is unknown, of a deployment that is not excused",
        served(),
        denied="verdict is not allowed in this environment: 'unknown'",
        context=Context(allow_unknown=frozenset({"search/other"})),
        beside=beside(_verdict("unknown")),
    ),
    Example(
        "a record whose verdict is unknown, of a deployment that is excused",
        served(),
        context=Context(allow_unknown=frozenset({DEPLOYMENT})),
        beside=beside(_verdict("unknown")),
    ),
    Example(
        "one argument that the record does not have",
        served(flag("--max-num-seqs=9")),
        denied="which has none of: --max-num-seqs=9",
        beside=beside(),
    ),
    Example(
        "arguments in another order: the last of two that are alike counts",
        served(lambda s: container(s).update(args=[container(s)["args"][0], *container(s)["args"][:0:-1]])),
        denied="command or arguments are not those of its sizing record",
        beside=beside(),
    ),
    Example(
        "another image",
        served(
            lambda s: container(s).update(image=container(s)["image"].replace("docker.io", "docker.io.example.com"))
        ),
        denied="its image is not that of its sizing record",
        beside=beside(),
    ),
    Example("no record", served(), denied="no sizing record is published for it", beside=(namespace(),)),
    Example(
        "the record of another deployment",
        served(),
        denied="its sizing record is another deployment's",
        beside=beside(lambda record: record.update(deployment="search/summary")),
    ),
    Example(
        "a pod with a GPU that belongs to nothing",
        _pod(None),
        denied="belongs to no deployment with a sizing record",
        beside=beside(),
    ),
    Example(
        "a pod with a GPU of a deployment without record",
        _pod("summary"),
        denied="belongs to no deployment with a sizing record",
        beside=beside(),
    ),
    Example(
        "a flag whose memory is not computed",
        served(flag("--cpu-offload-gb=4")),
        denied="does not compute",
        beside=beside(flag("--cpu-offload-gb=4")),
        admission=False,
    ),
    Example(
        "an image that is not known before the update",
        served(lambda s: container(s).update(image=UNKNOWN)),
        denied="the image is not known before the update",
        beside=beside(),
        admission=False,
    ),
    Example("too much context on Cloud Run", _on_cloud_run("--max-num-seqs=200"), denied="decides:", admission=False),
)
