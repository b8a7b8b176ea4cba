"""How the bucket and the key of a state are meant to be. Pure.

No retention policy on the bucket: Pulumi deletes its lock files, and could not. What is deleted or overwritten is kept by
versions and by soft delete instead.
Source: docs.cloud.google.com/storage/docs/{lifecycle,soft-delete,object-versioning,access-control/iam-roles},
docs.cloud.google.com/kms/docs/{key-rotation,reference/permissions-and-roles} (2026).
"""

from __future__ import annotations

from typing import Any

SERVICES = ("cloudkms.googleapis.com", "storage.googleapis.com")
#: Days that a version, and anything deleted, can still be had back.
KEPT_DAYS = 90
#: Newer versions that a version must have before it may go: an update writes the state file a few times for each resource.
KEPT_VERSIONS = 1000
SOFT_DELETE_SECONDS = KEPT_DAYS * 24 * 3600
ROTATION_DAYS = 90
LIFECYCLE_FLAG = "--lifecycle-file=lifecycle.json"

LIFECYCLE: dict[str, Any] = {
    "rule": [
        {
            "action": {"type": "Delete"},
            "condition": {"isLive": False, "numNewerVersions": KEPT_VERSIONS, "daysSinceNoncurrentTime": KEPT_DAYS},
        },
        # a lock has a name of its own each time, so that it never has a newer version
        {
            "action": {"type": "Delete"},
            "condition": {"isLive": False, "daysSinceNoncurrentTime": 1, "matchesPrefix": [".pulumi/locks/"]},
        },
    ]
}


def differences(bucket: dict[str, Any]) -> list[str]:
    """What of a bucket, in the API's words, is not as it is meant to be, as flags of `gcloud storage buckets update`."""
    access = bucket.get("iamConfiguration", {})
    lifecycle = bucket.get("lifecycle", {}).get("rule", [])
    found = {
        "--versioning": bucket.get("versioning", {}).get("enabled") is True,
        "--uniform-bucket-level-access": access.get("uniformBucketLevelAccess", {}).get("enabled") is True,
        "--public-access-prevention": access.get("publicAccessPrevention") == "enforced",
        f"--soft-delete-duration={SOFT_DELETE_SECONDS}s": int(
            bucket.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0)
        )
        == SOFT_DELETE_SECONDS,
        LIFECYCLE_FLAG: [_sorted(rule) for rule in lifecycle] == [_sorted(rule) for rule in LIFECYCLE["rule"]],
    }
    return [flag for flag, met in found.items() if not met]


def bucket_policy(project: str, deployer: str | None, previewer: str | None, operators: list[str]) -> dict[str, Any]:
    """Who may do what with the bucket, all of it: whoever reads the project's things by default does not read its state."""
    writers = [*operators, *([f"serviceAccount:{deployer}"] if deployer else [])]
    bindings = [
        # keeps the project's owners able to administer the bucket, not to read it
        {"role": "roles/storage.legacyBucketOwner", "members": [f"projectOwner:{project}"]},
        {"role": "roles/storage.objectAdmin", "members": sorted(writers)},
        {"role": "roles/storage.objectViewer", "members": [f"serviceAccount:{previewer}"] if previewer else []},
    ]
    return {"bindings": [one for one in bindings if one["members"]]}


def same_policy(found: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """True where two policies grant the same."""
    return _grants(found or {}) == _grants(wanted)


def holds_binding(policy: dict[str, Any] | None, member: str, role: str) -> bool:
    """True where a policy grants a member a role, without a condition."""
    return (role, member, "") in _grants(policy or {})


def _grants(policy: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (binding["role"], member, str(binding.get("condition", "")))
        for binding in policy.get("bindings", [])
        for member in binding.get("members", [])
    }


def _sorted(rule: dict[str, Any]) -> str:
    return repr({key: sorted(value.items()) for key, value in sorted(rule.items())})
