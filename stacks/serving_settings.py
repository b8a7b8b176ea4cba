"""Groups of an environment's settings for the serving of models: the stack in the cluster, the ways in, and who may come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.sizing.demand import Override
from stacks.setting_groups import Day, SettingsGroup

HttpsAddress = Annotated[str, Field(pattern=r"^https://\S+$")]


class JwtSettings(SettingsGroup):
    """Tokens of an OpenID Connect provider."""

    issuer: HttpsAddress = Field(description="The provider, as its tokens name it.")
    audiences: tuple[str, ...] = Field(min_length=1, description="Audiences that a token may be meant for.")
    jwks_uri: HttpsAddress = Field(description="Where the provider publishes its keys.")


class ApiKeySettings(SettingsGroup):
    """Keys that the platform hands out, kept as digests in one secret."""

    secret: str = Field(description="Id of the secret with the digests, one of `secrets`.")


class AuthenticationSettings(SettingsGroup):
    """How callers of models on GKE show who they are: by a token, by a key, or by either."""

    jwt: JwtSettings | None = Field(default=None, description="Tokens of an OpenID Connect provider. Default: none.")
    api_keys: ApiKeySettings | None = Field(default=None, description="Keys. Default: none.")

    @model_validator(mode="after")
    def _some_way(self) -> AuthenticationSettings:
        if self.jwt is None and self.api_keys is None:
            raise ValueError("needs jwt, api_keys or both")
        return self


class IngressSettings(SettingsGroup):
    """The ways to models on GKE, and who may take them."""

    exposure: Literal["cluster", "internal", "external"] = Field(
        default="cluster",
        description="cluster: from inside the cluster only; internal: through a load balancer of the network; external: from the "
        "internet, which needs `authentication`.",
    )
    domain: Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")] | None = Field(
        default=None,
        description="Domain whose names <deployment>-predictor-team-<team>.<domain> the models get. Default: none.",
    )
    authentication: AuthenticationSettings | None = Field(
        default=None, description="How callers show who they are. Default: they need not, inside the cluster."
    )

    @model_validator(mode="after")
    def _safe(self) -> IngressSettings:
        if self.exposure == "external" and self.authentication is None:
            raise ValueError("exposure external needs authentication: anybody on the internet could use the GPUs")
        if self.exposure != "cluster" and self.domain is None:
            raise ValueError(f"exposure {self.exposure} needs a domain")
        if self.exposure == "cluster" and self.domain is not None:
            raise ValueError("domain has no meaning with exposure cluster; name internal or external, or drop it")
        return self


class ServingSettings(SettingsGroup):
    """The serving stack in the cluster: cert-manager, Knative with Kourier, KServe and KEDA."""

    high_availability: bool | None = Field(
        default=None, description="Two or more replicas of every controller. Default: where the cluster is regional."
    )


class OverrideSettings(SettingsGroup):
    """What the platform's engineers decide for one deployment in place of sizing, for a while. No team can."""

    deployment: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")] = Field(description="<team>/<deployment>.")
    reason: Annotated[str, Field(min_length=10)] = Field(description="Why sizing's own choice does not do.")
    expires: Day = Field(description="Last day on which it holds; after it sizing decides again.")
    accelerator: str | None = Field(default=None, description="GPU, by its id of the catalogue. Default: sizing's.")
    machine_type: str | None = Field(default=None, description="Machine type. Default: sizing's.")
    tensor_parallel_size: Literal[1, 2, 4, 8] | None = Field(
        default=None, description="GPUs over which a replica is spread. Default: sizing's."
    )
    gpu_memory_utilization: Annotated[float, Field(ge=0.5, le=0.97)] | None = Field(
        default=None, description="Share of the GPU's memory that the engine may use. Default: sizing's."
    )
    max_num_batched_tokens: Annotated[int, Field(ge=256)] | None = Field(
        default=None, description="Tokens of one step of the engine. Default: sizing's."
    )
    kv_cache_dtype: Literal["bfloat16", "fp8"] | None = Field(
        default=None, description="Element type of the KV cache. Default: sizing's."
    )

    @model_validator(mode="after")
    def _decides_something(self) -> OverrideSettings:
        if not self.override.values:
            raise ValueError("decides nothing: name at least one field beside deployment, reason and expires")
        return self

    @property
    def override(self) -> Override:
        """As sizing takes it."""
        return Override(
            reason=self.reason,
            accelerator=self.accelerator,
            machine_type=self.machine_type,
            tensor_parallel_size=self.tensor_parallel_size,
            gpu_memory_utilization=self.gpu_memory_utilization,
            max_num_batched_tokens=self.max_num_batched_tokens,
            kv_cache_dtype=self.kv_cache_dtype,
        )
