"""Generates docs/serving.md from what the environments plan and what is installed (`python -m stacks.serving_page`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from components.kubernetes.engine_pod import FUSE_CPU, FUSE_MEMORY
from components.kubernetes.team_limits import cpu_quantity, memory_quantity
from components.kubernetes.versions import CHARTS, KNATIVE_SERVING
from components.markdown import table
from components.sizing.record_making import CLOUD_RUN_PROBE_LIMIT_SECONDS
from components.sizing.replicas import GKE_SCALE_DOWN_DELAY_SECONDS
from components.sizing.speed import LOAD_GIB_PER_S
from components.time_limits import GATEWAY_SECONDS, LONGEST_REQUEST_SECONDS
from components.weights_way import LARGEST_MOUNT_GIB, MOUNT_GIB_PER_S
from stacks.describe.page import ROOT, render
from stacks.describe.resource_graph import load_plan
from stacks.environment_names import environment_names
from stacks.plan import Plan

PAGE = ROOT / "docs" / "serving.md"

#: What a team's namespace holds, beside its deployments.
TENANCY = (
    ("Namespace", "Pod Security `restricted` where every engine image of the team is known to run so, else `baseline`"),
    (
        "ResourceQuota",
        "GPUs, CPU, memory and pods of all deployments at peak, with room for the largest rollout and one pod that Knative tries",
    ),
    ("LimitRange", "defaults for containers that state nothing; never a GPU"),
    ("NetworkPolicy", "nothing in or out, but DNS, Google's APIs, the metadata server, Kourier, Knative and metrics"),
    ("RoleBinding", "the team's group sees all but secrets; those on call delete pods, and stop and start deployments"),
    ("ServiceAccount", "`models`: reads the team's own checkpoints by Workload Identity, and nothing else"),
    ("PodMonitoring", "the engines' metrics for Managed Prometheus"),
)


def render_page(plans: Sequence[Plan]) -> str:
    """docs/serving.md."""
    rows = [(chart.name, chart.version, chart.app_version, chart.repository) for chart in CHARTS]
    return render(
        "serving.md.j2",
        charts=table(
            ("chart", "version", "installs", "from"),
            [*rows, ("Knative Serving, Kourier", "", KNATIVE_SERVING, "the operator")],
        ),
        order="priority classes, cert-manager, KEDA, Knative, KServe, then Kyverno and OpenCost",
        scale_down=GKE_SCALE_DOWN_DELAY_SECONDS,
        longest_request=LONGEST_REQUEST_SECONDS,
        gateway=GATEWAY_SECONDS,
        limits=_limits(plans),
        weights=table(("what", "on GKE", "on Cloud Run"), _weights()),
        mount_pace=f"{MOUNT_GIB_PER_S:.2f}",
        stream_pace=f"{LOAD_GIB_PER_S:g}",
        largest_mount=f"{LARGEST_MOUNT_GIB:.0f}",
        probe_limit=CLOUD_RUN_PROBE_LIMIT_SECONDS,
        fuse=f"{cpu_quantity(FUSE_CPU.request)} and {memory_quantity(FUSE_MEMORY.request)}",
        tenancy=table(("object", "what for"), TENANCY),
    )


def _weights() -> list[tuple[str, str, str]]:
    mounted = f"streamed; with `cloud_run.weights: mount` a read-only mount, up to {LARGEST_MOUNT_GIB:.0f} GiB"
    return [
        ("checkpoint", "streamed (Run:ai streamer, safetensors)", mounted),
        ("drafter", "streamed", "streamed"),
        ("adapters", "read-only mount (GCS FUSE)", "read-only mount (GCS FUSE)"),
    ]


def _limits(plans: Sequence[Plan]) -> str:
    """The limits of every committed deployment, in seconds."""
    header = ("deployment", "longest generation", "request", "start-up", "probe", "deadline", "longest answer, tokens")
    return table(
        header,
        [
            (
                f"{plan.environment.name}: {planned.key}",
                *(
                    str(seconds)
                    for seconds in (
                        planned.limits.longest_generation,
                        planned.limits.request,
                        planned.limits.startup,
                        planned.limits.startup_probe,
                        planned.limits.progress_deadline,
                    )
                ),
                str(planned.record.max_answer_tokens),
            )
            for plan in plans
            for planned in plan.deployments
        ],
    )


def committed_plans(root: Path = ROOT) -> list[Plan]:
    """The plan of every environment that has a stack file, in alphabetical order."""
    return [load_plan(root, name) for name in environment_names(root)]


if __name__ == "__main__":
    PAGE.write_text(render_page(committed_plans()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
