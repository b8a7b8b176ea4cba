"""A stand-in for gcloud: the commands that `.ci/bootstrap-state` uses, on a project that is a JSON file.

Words, flags, answers and errors are those of gcloud 528.0.0 (`gcloud <command> --help`; buckets with --raw are the JSON API's);
all others are refused. It runs as a program of its own with the standard library alone; STUB_GCLOUD names the file.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

COMMON = {"--project", "--format", "--quiet"}
#: Words and flags of each command that is known.
COMMANDS: dict[tuple[str, ...], set[str]] = {
    ("services", "list"): {"--enabled"},
    ("services", "enable"): set(),
    ("iam", "service-accounts", "describe"): set(),
    ("storage", "buckets", "describe"): {"--raw"},
    ("storage", "buckets", "create"): {"--location", "--uniform-bucket-level-access", "--public-access-prevention"},
    ("storage", "buckets", "update"): {
        "--versioning",
        "--uniform-bucket-level-access",
        "--public-access-prevention",
        "--soft-delete-duration",
        "--lifecycle-file",
    },
    ("storage", "buckets", "get-iam-policy"): set(),
    ("storage", "buckets", "set-iam-policy"): set(),
    ("kms", "keyrings", "describe"): {"--location"},
    ("kms", "keyrings", "create"): {"--location"},
    ("kms", "keys", "describe"): {"--location", "--keyring"},
    ("kms", "keys", "create"): {"--location", "--keyring", "--purpose", "--rotation-period", "--next-rotation-time"},
    ("kms", "keys", "update"): {"--location", "--keyring", "--rotation-period", "--next-rotation-time"},
    ("kms", "keys", "get-iam-policy"): {"--location", "--keyring"},
    ("kms", "keys", "add-iam-policy-binding"): {"--location", "--keyring", "--member", "--role"},
}
SWITCHES = {
    "--quiet",
    "--raw",
    "--enabled",
    "--versioning",
    "--uniform-bucket-level-access",
    "--public-access-prevention",
}
LOOKS = {"list", "describe", "get-iam-policy"}


def main(words: list[str]) -> None:
    file = Path(os.environ["STUB_GCLOUD"])
    world: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    command = next((known for known in COMMANDS if tuple(words[: len(known)]) == known), None)
    if command is None:
        fail(f"(gcloud) Invalid choice: {' '.join(words)}")
    names, flags = parsed(words[len(command) :], COMMANDS[command] | COMMON)
    if denied := world.get("denied"):
        fail(f"(gcloud.{'.'.join(command)}) PERMISSION_DENIED: {denied}")
    if command[0] == "kms" and "cloudkms.googleapis.com" not in world["services"]:
        fail("API [cloudkms.googleapis.com] not enabled on project [example]. Would you like to enable and retry?")
    answer = globals()["_".join(command).replace("-", "_")](world, names, flags)
    if command[-1] not in LOOKS:
        world["changes"].append(" ".join(words))
        file.write_text(json.dumps(world), encoding="utf-8")
    print(json.dumps(answer))


def services_list(world, names, flags):
    return [{"config": {"name": name}} for name in world["services"]]


def services_enable(world, names, flags):
    world["services"] += names


def iam_service_accounts_describe(world, names, flags):
    if names[0] not in world["accounts"]:
        fail(f"(gcloud.iam.service-accounts.describe) NOT_FOUND: Unknown service account: {names[0]}")
    return {"email": names[0]}


def storage_buckets_describe(world, names, flags):
    if names[0] not in world["buckets"]:
        fail(f"(gcloud.storage.buckets.describe) {names[0]} not found: 404.")
    return world["buckets"][names[0]]


def storage_buckets_create(world, names, flags):
    project = flags["--project"]
    access = {
        "uniformBucketLevelAccess": {"enabled": "--uniform-bucket-level-access" in flags},
        "publicAccessPrevention": "enforced" if "--public-access-prevention" in flags else "inherited",
    }
    world["buckets"][names[0]] = {
        "location": flags["--location"].upper(),
        "iamConfiguration": access,
        "softDeletePolicy": {"retentionDurationSeconds": "604800"},
    }
    # what Google grants on every new bucket
    world["policies"][names[0]] = {
        "bindings": [
            {
                "role": "roles/storage.legacyBucketOwner",
                "members": [f"projectEditor:{project}", f"projectOwner:{project}"],
            },
            {"role": "roles/storage.legacyObjectReader", "members": [f"projectViewer:{project}"]},
        ]
    }


def storage_buckets_update(world, names, flags):
    bucket = storage_buckets_describe(world, names, flags)
    if "--versioning" in flags:
        bucket["versioning"] = {"enabled": True}
    if duration := flags.get("--soft-delete-duration"):
        bucket["softDeletePolicy"] = {"retentionDurationSeconds": duration.removesuffix("s")}
    if file := flags.get("--lifecycle-file"):
        bucket["lifecycle"] = json.loads(Path(file).read_text(encoding="utf-8"))
    if "--uniform-bucket-level-access" in flags:
        bucket["iamConfiguration"]["uniformBucketLevelAccess"] = {"enabled": True}
    if "--public-access-prevention" in flags:
        bucket["iamConfiguration"]["publicAccessPrevention"] = "enforced"


def storage_buckets_get_iam_policy(world, names, flags):
    storage_buckets_describe(world, names, flags)
    return {"etag": "CAE=", **world["policies"][names[0]]}


def storage_buckets_set_iam_policy(world, names, flags):
    policy = json.loads(Path(names[1]).read_text(encoding="utf-8"))
    for binding in policy["bindings"]:
        for member in binding["members"]:
            kind, _, account = member.partition(":")
            if kind == "serviceAccount" and account not in world["accounts"]:
                fail(
                    f"(gcloud.storage.buckets.set-iam-policy) HTTPError 400: Service account {account} does not exist."
                )
    world["policies"][names[0]] = policy


def kms_keyrings_describe(world, names, flags):
    if names[0] not in world["rings"]:
        fail("(gcloud.kms.keyrings.describe) NOT_FOUND: KeyRing not found.")
    return {"name": names[0]}


def kms_keyrings_create(world, names, flags):
    world["rings"].append(names[0])


def kms_keys_describe(world, names, flags):
    if names[0] not in world["keys"]:
        fail("(gcloud.kms.keys.describe) NOT_FOUND: CryptoKey not found.")
    return world["keys"][names[0]]


def kms_keys_create(world, names, flags):
    assert flags["--keyring"] in world["rings"]
    assert flags["--next-rotation-time"], "a period alone is refused"
    world["keys"][names[0]] = {"purpose": flags["--purpose"], "rotationPeriod": seconds(flags["--rotation-period"])}
    world["policies"][names[0]] = {}


def kms_keys_update(world, names, flags):
    kms_keys_describe(world, names, flags)["rotationPeriod"] = seconds(flags["--rotation-period"])


def kms_keys_get_iam_policy(world, names, flags):
    kms_keys_describe(world, names, flags)
    return world["policies"][names[0]]


def kms_keys_add_iam_policy_binding(world, names, flags):
    kms_keys_describe(world, names, flags)
    binding = {"role": flags["--role"], "members": [flags["--member"]]}
    world["policies"][names[0]].setdefault("bindings", []).append(binding)


def parsed(words: list[str], known: set[str]) -> tuple[list[str], dict[str, str]]:
    names, flags, left = [], {}, iter(words)
    for word in left:
        flag, equals, value = word.partition("=")
        if not flag.startswith("--"):
            names.append(word)
        elif flag not in known:
            fail(f"(gcloud) unrecognized arguments: {flag}")
        else:
            flags[flag] = "" if flag in SWITCHES else value if equals else next(left)
    return names, flags


def seconds(days: str) -> str:
    return f"{int(days.removesuffix('d')) * 86400}s"


def fail(message: str) -> NoReturn:
    print(f"ERROR: {message}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
