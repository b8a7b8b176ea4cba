"""Rules between a wish and the way in which it is served: mode, traffic split, adapters. Pure."""

from __future__ import annotations

from components.kubernetes.inference_service import KNATIVE, STANDARD
from components.sizing.record import SizingRecord
from components.wish import DeploymentWish


def mode_of(wish: DeploymentWish) -> str:
    """Standard where the team states a goal for latency or wants no cold start: there KEDA scales by the time that requests
    queue. Knative for all else, since it alone scales to zero and holds requests meanwhile."""
    goals = wish.first_token_ms is not None or wish.tokens_per_second is not None
    return STANDARD if not wish.scale_to_zero and (goals or wish.max_cold_start_seconds == 0) else KNATIVE


def check_canary(wish: DeploymentWish, record: SizingRecord, mode: str) -> None:
    """Traffic is split by Knative or by Cloud Run; in Standard mode nothing stands before the pods that could."""
    if wish.canary_percent is None:
        return
    if record.runs_on == "cloud-run":
        if wish.stable_revision is None:
            raise ValueError(
                "canary_percent on Cloud Run needs stable_revision, the revision that keeps the rest "
                "(`gcloud run revisions list --service <service>` names them)"
            )
    elif mode == STANDARD:
        raise ValueError(
            "canary_percent needs Knative's traffic split, which a deployment with a goal for latency or cold starts does not "
            "have; drop the goal, or try the change in a second deployment"
        )
    elif wish.paused:
        # seen with KServe 0.20.0 on a real API server
        raise ValueError(
            "canary_percent and paused do not go together: KServe forgets the revision before of a stopped model, and the newest "
            "one would get all requests once it starts again; end the canary first, by taking canary_percent or the change back"
        )


def check_adapters(wish: DeploymentWish, team: str) -> None:
    """A team reads its own adapters only: whatever it names here its identity may read."""
    for adapter in wish.adapters:
        if not adapter.source.startswith(f"adapters/{team}/"):
            raise ValueError(
                f"adapters: source of '{adapter.name}' is '{adapter.source}'; adapters of this team lie below adapters/{team}/"
            )
