"""What is wished for: one model that somebody wants to call. GPU, machine, replicas and engine flags are derived, never written.

Owns the form and its own consistency. It is the same in a team's file and in the `wish` argument of a component; whether a wish
can be served is sizing's business. Fields are only ever added.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.sizing.catalogue import Input, Precision
from components.sizing.demand import Adapter, Demand

#: A DNS label of at most 20 characters that starts with a letter: long enough to speak, short enough for every name made of it.
NAME_PATTERN = r"^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Positive = Annotated[int, Field(ge=1)]
Namespace = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]

ImageTokens = Literal[70, 140, 280, 560, 1120]


class Form(BaseModel):
    """A form that takes no field that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AdapterWish(Form):
    """A LoRA adapter of the team's, which requests name as their model."""

    name: Name = Field(description="Name of the adapter in requests.")
    rank: Literal[8, 16, 32, 64, 128, 256, 320, 512] = Field(
        description="Its rank, as its adapter_config.json states it."
    )
    source: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*[A-Za-z0-9]$")] = Field(
        description="Its folder in the model bucket: adapters/<team>/<name>."
    )
    revision: str | None = Field(default=None, description="Folder of one revision below it. Default: none.")


class DeploymentWish(Form):
    """One model that a team wants to call."""

    name: Name = Field(description="Name of the deployment: a DNS label of at most 20 characters, unique in the team.")
    model: str = Field(description="Id of a model of the catalogue.")
    context_tokens: Positive = Field(description="The longest request, prompt and answer together, in tokens.")
    peak_concurrent_requests: Positive = Field(
        le=10_000, description="Requests at the same time at the busiest moment, over all replicas."
    )
    typical_tokens: Positive | None = Field(
        default=None,
        description="An ordinary request, prompt and answer together, in tokens. Default: a quarter of context_tokens.",
    )
    typical_answer_tokens: Positive | None = Field(
        default=None, description="Tokens of the answer in an ordinary request. Default: an eighth of typical_tokens."
    )
    max_answer_tokens: Positive | None = Field(
        default=None,
        description="The longest answer in tokens; the engine stops there. Default: as many as a request's time limit allows.",
    )
    full_context_requests: Annotated[int, Field(ge=0)] = Field(
        default=1, description="How many requests are as long as context_tokens at the same time."
    )
    active_hours_per_month: Annotated[int, Field(ge=0, le=730)] = Field(
        default=730, description="Hours of a month with traffic."
    )
    workload: Literal["interactive", "batch"] = Field(
        default="interactive", description="interactive, or batch: may be interrupted and has no latency goal."
    )
    inputs: tuple[Input, ...] = Field(
        default=("text",), min_length=1, description="What requests carry: text, image, video, audio."
    )
    max_items: dict[Literal["image", "video", "audio"], Positive] = Field(
        default_factory=dict, description="Most items of a kind in one request. Default: 1 for each input listed."
    )
    image_tokens: ImageTokens = Field(default=280, description="Tokens that one image becomes.")
    precision: Literal["auto"] | Precision = Field(
        default="auto",
        description="auto, or bf16, fp8, w4a16, nvfp4, int4 or mobile where the model has such a checkpoint.",
    )
    checkpoint: str | None = Field(
        default=None,
        min_length=1,
        description="This checkpoint and no other, also one that auto never takes (third-party 4 bits). Default: none.",
    )
    speculative: bool = Field(
        default=False,
        description="Guess tokens ahead with the publisher's drafter: faster answers while few requests run, for more memory.",
    )
    adapters: tuple[AdapterWish, ...] = Field(
        default=(), max_length=16, description="LoRA adapters that are served beside the model."
    )
    runs_on: Literal["auto", "gke", "cloud-run"] = Field(default="auto", description="auto, gke or cloud-run.")
    scale_to_zero: bool = Field(
        default=False,
        description="No replica while there is no traffic; the first request then waits for a cold start.",
    )
    availability: Literal["standard", "high"] = Field(
        default="standard", description="high: one replica may be lost at peak, and replicas stand in two zones."
    )
    first_token_ms: Positive | None = Field(
        default=None, description="Goal: milliseconds to the first token of a typical request. Default: none."
    )
    tokens_per_second: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Goal: tokens per second of one request at peak. Default: none."
    )
    max_cold_start_seconds: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Goal: longest cold start, with scale_to_zero; 0: no request ever waits for one. Default: none.",
    )
    callers: tuple[Email, ...] = Field(
        default=(), description="Further Google groups or service accounts (by e-mail) that may call it."
    )
    caller_namespaces: tuple[Namespace, ...] = Field(
        default=(),
        description="Namespaces of the cluster, beside the team's own, whose pods may call it where it has a goal for latency or "
        "for cold starts (docs/serving.md). Default: none.",
    )
    paused: bool = Field(
        default=False, description="Stopped without being deleted; costs nothing then but its weights."
    )
    canary_percent: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="Share of the requests that the newest revision gets while the one before it keeps the rest, until this line "
        "goes; 0 is a rollback. Default: all of them.",
    )
    stable_revision: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9-]{0,61}[a-z0-9]$",
        description="On Cloud Run, with canary_percent: the revision that keeps the rest; on GKE it is known. Default: none.",
    )
    expires_on: datetime.date | None = Field(
        default=None, description="Last day: a preview warns before it and fails after it. Default: none."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> DeploymentWish:
        if len(set(self.inputs)) != len(self.inputs):
            raise ValueError("inputs lists a kind twice")
        if "text" not in self.inputs:
            raise ValueError("inputs must contain text: every request carries a prompt")
        if self.typical > self.context_tokens:
            raise ValueError(f"typical_tokens {self.typical} is above context_tokens {self.context_tokens}")
        if self.typical_answer > self.typical:
            raise ValueError(f"typical_answer_tokens {self.typical_answer} is above typical_tokens {self.typical}")
        if self.stable_revision is not None and self.canary_percent is None:
            raise ValueError("stable_revision has no meaning without canary_percent")
        if self.scale_to_zero and self.max_cold_start_seconds == 0:
            raise ValueError(
                "scale_to_zero brings cold starts, and max_cold_start_seconds 0 forbids them; drop one of them"
            )
        if self.full_context_requests > self.peak_concurrent_requests:
            raise ValueError(
                f"full_context_requests {self.full_context_requests} is above "
                f"peak_concurrent_requests {self.peak_concurrent_requests}"
            )
        return self

    @property
    def typical(self) -> int:
        """Tokens of an ordinary request, the default filled in."""
        return self.typical_tokens or max(1, self.context_tokens // 4)

    @property
    def typical_answer(self) -> int:
        """Tokens of an ordinary answer, the default filled in."""
        return self.typical_answer_tokens or max(1, self.typical // 8)

    def demand(self, team: str) -> Demand:
        """This wish as sizing takes it, with all defaults filled in."""
        return Demand(
            team=team,
            name=self.name,
            model=self.model,
            context_tokens=self.context_tokens,
            peak_concurrent_requests=self.peak_concurrent_requests,
            typical_tokens=self.typical,
            typical_answer_tokens=self.typical_answer,
            full_context_requests=self.full_context_requests,
            active_hours_per_month=self.active_hours_per_month,
            inputs=self.inputs,
            max_items={str(kind): count for kind, count in self.max_items.items()},
            image_tokens=self.image_tokens,
            precision=self.precision,
            checkpoint=self.checkpoint,
            runs_on=None if self.runs_on == "auto" else self.runs_on,
            scale_to_zero=self.scale_to_zero,
            high_availability=self.availability == "high",
            interruptible=self.workload == "batch",
            first_token_ms=self.first_token_ms,
            tokens_per_second=self.tokens_per_second,
            max_cold_start_seconds=self.max_cold_start_seconds,
            max_answer_tokens=self.max_answer_tokens,
            speculative=self.speculative,
            adapters=tuple(Adapter(a.name, a.rank, a.source, a.revision) for a in self.adapters),
        )
