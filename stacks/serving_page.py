"""Generates docs/serving.md from what the environments plan and what is installed (`python -m stacks.serving_page`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2

from components.kubernetes.versions import CHARTS, KNATIVE_SERVING
from components.sizing.replicas import GKE_SCALE_DOWN_DELAY_SECONDS
from components.time_limits import GATEWAY_SECONDS, LONGEST_REQUEST_SECONDS
from stacks.describe.markdown import table
from stacks.describe.resource_graph import load_plan
from stacks.plan import Plan

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "docs" / "templates"
PAGE = ROOT / "docs" / "serving.md"

#: What a team's namespace holds, beside its deployments.
TENANCY = (
    ("Namespace", "Pod Security `restricted` where every engine image of the team is known to run so, else `baseline`"),
    ("ResourceQuota", "GPUs, CPU, memory and pods of all deployments at peak, with room for the largest rollout"),
    ("LimitRange", "defaults for containers that state nothing; never a GPU"),
    ("NetworkPolicy", "nothing in or out, but DNS, Google's APIs, the metadata server, Kourier, Knative and metrics"),
    ("RoleBinding", "the team's group sees all but secrets; those on call delete pods, and stop and start deployments"),
    ("ServiceAccount", "`models`: reads the team's own checkpoints by Workload Identity, and nothing else"),
    ("PodMonitoring", "the engines' metrics for Managed Prometheus"),
)


def render_page(plans: Sequence[Plan]) -> str:
    """docs/serving.md."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (Markdown of our own)
    )
    rows = [(chart.name, chart.version, chart.app_version, chart.repository) for chart in CHARTS]
    return environment.get_template("serving.md.j2").render(
        charts=table(
            ("chart", "version", "installs", "from"),
            [*rows, ("Knative Serving, Kourier", "", KNATIVE_SERVING, "the operator")],
        ),
        order="priority classes, cert-manager, KEDA, Knative, KServe",
        scale_down=GKE_SCALE_DOWN_DELAY_SECONDS,
        longest_request=LONGEST_REQUEST_SECONDS,
        gateway=GATEWAY_SECONDS,
        limits=_limits(plans),
        tenancy=table(("object", "what for"), TENANCY),
    )


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
    return [load_plan(root, path.name.split(".")[1]) for path in sorted(root.glob("Pulumi.*.yaml"))]


if __name__ == "__main__":
    PAGE.write_text(render_page(committed_plans()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
