"""How a served model is called: the same data on both runtimes, for people, for the smoke test and for other stacks. Pure."""

import json
from typing import TypedDict

#: How a caller shows who it is: not at all, by a token or key at the ingress, or by a Google identity token (Cloud Run).
NO_AUTHENTICATION, TOKEN, CLOUD_RUN_IDENTITY = "none", "token", "cloud-run-identity"


class Endpoint(TypedDict):
    """One endpoint."""

    base_url: str
    """Base of the OpenAI API; ends with `/v1`."""
    health_url: str
    """Answers 200 while the engine is up."""
    model: str
    """Name of the model in requests."""
    authentication: str
    """`none`, `token` or `cloud-run-identity`."""
    reachable_from: str
    """Whence it can be called, in words."""
    curl: list[str]
    """Lines for a shell that list the models and ask one question."""
    inputs: list[str]
    """What requests may carry."""
    expected_cold_start_seconds: int
    """How long the first request after an idle time may wait, by estimate; 0 where a replica always runs."""


def make_endpoint(
    origin: str,
    model: str,
    *,
    authentication: str,
    reachable_from: str,
    inputs: list[str],
    expected_cold_start_seconds: int,
) -> Endpoint:
    """The endpoint whose server is `origin` (scheme and host, no slash at the end)."""
    base = f"{origin}/v1"
    return Endpoint(
        base_url=base,
        health_url=f"{origin}/health",
        model=model,
        authentication=authentication,
        reachable_from=reachable_from,
        curl=_curl(base, model, authentication),
        inputs=inputs,
        expected_cold_start_seconds=expected_cold_start_seconds,
    )


def _curl(base: str, model: str, authentication: str) -> list[str]:
    """The token stands in a variable, so that it is in no history and no log."""
    words = {
        NO_AUTHENTICATION: "",
        TOKEN: ' -H "Authorization: Bearer $GEMMA_TOKEN"',
        CLOUD_RUN_IDENTITY: ' -H "Authorization: Bearer $(gcloud auth print-identity-token)"',
    }
    header = words[authentication]
    question = json.dumps({"model": model, "messages": [{"role": "user", "content": "Say hello."}]})
    return [
        f"curl -sS{header} {base}/models",
        f"curl -sS{header} {base}/chat/completions -H 'Content-Type: application/json' -d '{question}'",
    ]
