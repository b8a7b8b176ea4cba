"""What a component takes as a wish: the fields of a team's deployment, as plain values that any language can write.

The form that checks them is `components/wish.py`. Not here are the fields that are the component's own arguments (`name`,
`callers`, `stable_revision`), that it decides itself (`runs_on`), or that need a team's file (`expires_on`).
"""

from typing import NotRequired, TypedDict


class AdapterArgs(TypedDict):
    """A LoRA adapter of the team's, which requests name as their model."""

    name: str
    """Name of the adapter in requests."""
    rank: int
    """Its rank, as its adapter_config.json states it."""
    source: str
    """Its folder in the model bucket: adapters/<team>/<name>."""
    revision: NotRequired[str]
    """Folder of one revision below it. Default: none."""


class WishArgs(TypedDict):
    """One model that somebody wants to call. GPU, machine, replicas and engine flags are derived."""

    model: str
    """Id of a model of the catalogue."""
    context_tokens: int
    """The longest request, prompt and answer together, in tokens."""
    peak_concurrent_requests: int
    """Requests at the same time at the busiest moment, over all replicas."""
    typical_tokens: NotRequired[int]
    """An ordinary request, prompt and answer together, in tokens. Default: a quarter of context_tokens."""
    typical_answer_tokens: NotRequired[int]
    """Tokens of the answer in an ordinary request. Default: an eighth of typical_tokens."""
    max_answer_tokens: NotRequired[int]
    """The longest answer in tokens; the engine stops there. Default: as many as a request's time limit allows."""
    full_context_requests: NotRequired[int]
    """How many requests are as long as context_tokens at the same time. Default: 1."""
    active_hours_per_month: NotRequired[int]
    """Hours of a month with traffic. Default: 730."""
    workload: NotRequired[str]
    """interactive, or batch: may be interrupted and has no latency goal. Default: interactive."""
    inputs: NotRequired[list[str]]
    """What requests carry: text, image, video, audio. Default: text only."""
    max_items: NotRequired[dict[str, int]]
    """Most items of a kind in one request. Default: 1 for each input listed."""
    image_tokens: NotRequired[int]
    """Tokens that one image becomes. Default: 280."""
    precision: NotRequired[str]
    """auto, or bf16, fp8, w4a16, nvfp4, int4 or mobile where the model has such a checkpoint. Default: auto."""
    checkpoint: NotRequired[str]
    """This checkpoint and no other, also one that auto never takes (third-party 4 bits). Default: none."""
    speculative: NotRequired[bool]
    """Guess tokens ahead with the publisher's drafter: faster answers while few requests run, for more memory. Default:
    false."""
    adapters: NotRequired[list[AdapterArgs]]
    """LoRA adapters that are served beside the model. Default: none."""
    scale_to_zero: NotRequired[bool]
    """No replica while there is no traffic; the first request then waits for a cold start. Default: false."""
    availability: NotRequired[str]
    """high: one replica may be lost at peak, and replicas stand in two zones. Default: standard."""
    first_token_ms: NotRequired[int]
    """Goal: milliseconds to the first token of a typical request. Default: none."""
    tokens_per_second: NotRequired[float]
    """Goal: tokens per second of one request at peak. Default: none."""
    max_cold_start_seconds: NotRequired[int]
    """Goal: longest cold start, with scale_to_zero; 0: no request ever waits for one. Default: none."""
    caller_namespaces: NotRequired[list[str]]
    """Namespaces of the cluster, beside the team's own, whose pods may call it where it has a goal for latency or for cold
    starts (docs/serving.md). Default: none."""
    paused: NotRequired[bool]
    """Stopped without being deleted; costs nothing then but its weights. Default: false."""
    canary_percent: NotRequired[int]
    """Share of the requests that the newest revision gets while the one before it keeps the rest, until this line goes; 0
    is a rollback. Default: all of them."""


class OwnershipArgs(TypedDict):
    """Whose model it is. Becomes labels."""

    team: str
    """Name of the team: lower-case letters, digits, - and _."""
    owner: str
    """Who owns it: lower-case letters, digits, - and _."""
    cost_center: str
    """Who pays: lower-case letters, digits, - and _."""


class EngineArgs(TypedDict):
    """The engine that serves a wish, where it is not to be the package's own choice."""

    version: NotRequired[str]
    """Version of vLLM. Default: the newest that this version of the package can deploy."""
    image: NotRequired[str]
    """What is pulled instead of the engine's public image: its digest, or a mirror. Default: the public image by its tag."""
    revisions: NotRequired[dict[str, str]]
    """Revision to serve of a checkpoint, by the checkpoint's id. Default: the revision that the catalogue knows."""
