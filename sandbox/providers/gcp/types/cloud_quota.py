"""Wishes for other quotas. Nobody grants them here: what is in force is what `quota.json` says. Limits: Cloud Quotas API (2026)
and terraform-provider-google cloud_quotas_quota_preference (2026-08), which never deletes one."""

from __future__ import annotations

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures, one_of
from sandbox.providers.gcp.quotas import FAMILY, QUOTAS, allowed
from sandbox.providers.gcp.resource_type import ResourceType, World, letters
from sandbox.providers.values import at, entries, known

CHECKS = ("QUOTA_SAFETY_CHECK_UNSPECIFIED", "QUOTA_DECREASE_BELOW_USAGE", "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH")
#: A decrease by more than this share needs its safety check switched off.
STEEP_DECREASE = 0.1
#: Cards that have no quota of their own on demand, only one in their family.
FAMILY_ONLY = ("RTX-PRO-6000", "H100", "H200", "B200")


def _parent(world: World, inputs: Properties) -> str:
    return str(inputs.get("parent") or f"projects/{world.project}")


def _in_force(world: World, inputs: Properties) -> int:
    dimensions = entries(inputs.get("dimensions"))
    value = allowed(world, str(inputs.get("quotaId")), str(dimensions.get("region")), dimensions.get("gpu_family"))
    return value or 0


def _computed(world: World, inputs: Properties) -> Properties:
    wish, value = at(inputs, "quotaConfig", "preferredValue"), _in_force(world, inputs)
    granted = min(int(wish), value) if str(wish).isdigit() else value
    name = f"{_parent(world, inputs)}/{inputs.get('quotaId')}/{inputs.get('name')}"
    return {
        "quotaConfig": {
            **entries(inputs.get("quotaConfig")),
            "grantedValue": str(granted),
            "stateDetail": "",
            "traceId": letters(name, 16),
            "requestOrigin": "ORIGIN_UNSPECIFIED",
        },
        "etag": letters(name, 12),
        "createTime": "2026-01-01T00:00:00Z",
        "updateTime": "2026-01-01T00:00:00Z",
        # a higher quota waits for somebody at Google
        "reconciling": str(granted) != str(wish),
    }


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures(
        "name", inputs.get("name"), r"[A-Za-z0-9_-]{1,128}", "1 to 128 letters, digits, hyphens, underscores"
    )
    pattern = r"(projects|folders|organizations)/[^/]+"
    found += name_failures(
        "parent", inputs.get("parent"), pattern, "projects/<project>, folders/<n> or organizations/<n>"
    )
    found += one_of("ignoreSafetyChecks", inputs.get("ignoreSafetyChecks"), CHECKS)
    wish = at(inputs, "quotaConfig", "preferredValue")
    found += name_failures("quotaConfig.preferredValue", wish, r"-1|\d+", "a whole number as text, or -1 for no limit")
    rule = "an e-mail address of somebody who may change quotas"
    found += name_failures("contactEmail", inputs.get("contactEmail"), r"[^@\s]+@[^@\s]+\.[^@\s]+", rule)
    quota, dimensions = inputs.get("quotaId"), entries(inputs.get("dimensions"))
    if quota in [f"NVIDIA-{card}-GPUS-per-project-region" for card in FAMILY_ONLY]:
        found.append(("quotaId", f"'{quota}' does not exist: it is {FAMILY} with the dimension gpu_family"))
    if known(quota) and quota in QUOTAS:
        for key in dimensions:
            if key not in QUOTAS[quota]:
                found.append((f"dimensions.{key}", f"{quota} has the dimensions {', '.join(QUOTAS[quota]) or 'none'}"))
    if "gpu_family" in dimensions and "region" not in dimensions:
        found.append(("dimensions", "gpu_family needs region beside it"))
    return found


def _changes(old: Properties, inputs: Properties) -> list[Failure]:
    """The API has no way to move a preference to another quota."""
    fixed = [field for field in ("service", "quotaId", "dimensions") if old.get(field) != inputs.get(field)]
    return [(field, "cannot be changed: make another preference") for field in fixed if known(inputs.get(field))]


def _decrease(world: World, inputs: Properties) -> str | None:
    """A steep decrease is refused unless its check is switched off."""
    wish, value = str(at(inputs, "quotaConfig", "preferredValue")), _in_force(world, inputs)
    steep = wish.isdigit() and int(wish) < value * (1 - STEEP_DECREASE)
    if not steep or inputs.get("ignoreSafetyChecks") == "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH":
        return None
    return (
        f"Error 400: The preferred value {wish} is more than 10% below the value {value} in force. Set ignore_safety_checks to "
        "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH, failedPrecondition"
    )


def _same_quota(world: World, inputs: Properties) -> str | None:
    """There is one preference for a quota and its dimensions."""
    for record in world.cloud.all(TOKEN):
        other = record["inputs"]
        same = all(other.get(key) == inputs.get(key) for key in ("service", "quotaId", "dimensions"))
        if same and _parent(world, other) == _parent(world, inputs):
            return f"Error 409: Quota preference {record['id']} already exists for these dimensions, alreadyExists"
    return None


TOKEN = "gcp:cloudquota/sQuotaPreference:SQuotaPreference"  # noqa: S105

RESOURCE_TYPES = (
    ResourceType(
        token=TOKEN,
        identity=lambda w, i: f"{_parent(w, i)}/locations/global/quotaPreferences/{i['name']}",
        computed=_computed,
        replace=("parent",),
        changes=_changes,
        limits=_limits,
        refuses=_same_quota,
        enforces=_decrease,
        stays=lambda inputs, outputs: outputs,
    ),
)
