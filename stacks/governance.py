"""The rules at admission: Kyverno, its policies for this environment, and the exceptions that its waivers stand for.

Part of the composer: wires components as the settings ask for them and decides nothing.
"""

from __future__ import annotations

import pulumi

from components.kubernetes.governance import Governance, GovernanceArgs
from components.kubernetes.kyverno import Kyverno, KyvernoArgs
from policy.admission.manifests import validating_policies
from policy.admission.signatures import image_policies
from policy.environment import context_of
from policy.rules import RULES
from policy.waivers import exceptions
from stacks.plan import Plan
from stacks.serving import Serving


def govern(plan: Plan, serving: Serving, on_cluster: pulumi.ResourceOptions) -> Governance:
    """Registers Kyverno beside the serving stack, whose priority class it names, and the policies after both."""
    labels = plan.shared_labels.kubernetes()
    context = context_of(plan.environment, plan.today)
    kyverno = Kyverno(
        "kyverno",
        KyvernoArgs(high_availability=serving.high_availability, mirror=serving.mirror, labels=labels),
        pulumi.ResourceOptions.merge(on_cluster, pulumi.ResourceOptions(depends_on=[serving.stack.priority_classes])),
    )
    return Governance(
        "governance",
        GovernanceArgs(
            namespace=kyverno.namespace,
            policies=[
                *validating_policies(RULES, context, labels),
                *image_policies([one.signed for one in plan.environment.settings.signed_images], labels),
            ],
            exceptions=exceptions(plan.environment.waivers, RULES, context, labels),
        ),
        pulumi.ResourceOptions.merge(on_cluster, pulumi.ResourceOptions(depends_on=[kyverno, serving.stack])),
    )
