"""Makes the bucket and the key for the state of one environment, step by step, each only where it is missing or different.

Run twice it changes nothing. The accounts of a CI exist only after the environment's first update, so a second run after that
grants them their rights.
"""

from __future__ import annotations

from pipeline import names
from pipeline.state import wanted
from pipeline.state.gcloud import Gcloud
from stacks.settings import EnvironmentSettings

ENCRYPT = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
DECRYPT = "roles/cloudkms.cryptoKeyDecrypter"


def bootstrap(gcloud: Gcloud, env: str, settings: EnvironmentSettings, operators: list[str]) -> list[str]:
    """Brings everything about; gives what is left to do, in sentences. Raises CiError.

    `operators` are IAM members, such as `group:platform@example.com`, who update the environment by hand.
    """
    state = names.state_names(settings)
    deployer = _existing(gcloud, names.account(env, settings, "deployer")) if settings.github else None
    previewer = _existing(gcloud, names.account(env, settings, "preview")) if settings.github else None
    _services(gcloud)
    _bucket(gcloud, state)
    _access(gcloud, state, wanted.bucket_policy(state.project, deployer, previewer, operators))
    _key(gcloud, state)
    members = [(f"serviceAccount:{deployer}", ENCRYPT)] if deployer else []
    members += [(f"serviceAccount:{previewer}", DECRYPT)] if previewer else []
    _key_access(gcloud, state, [*((member, ENCRYPT) for member in operators), *members])
    if settings.github and not (deployer and previewer):
        return [f"The accounts of GitHub Actions do not exist yet: after the first update of {env} run this again."]
    return []


def _existing(gcloud: Gcloud, account: str) -> str | None:
    return account if gcloud.look("iam", "service-accounts", "describe", account) else None


def _services(gcloud: Gcloud) -> None:
    enabled = {one["config"]["name"] for one in gcloud.look("services", "list", "--enabled") or []}
    if missing := [service for service in wanted.SERVICES if service not in enabled]:
        gcloud.change("services", "enable", *missing)


def _bucket(gcloud: Gcloud, state: names.StateNames) -> None:
    found = gcloud.look("storage", "buckets", "describe", state.backend, "--raw")
    if found is None:
        flags = ["--location", state.region, "--uniform-bucket-level-access", "--public-access-prevention"]
        gcloud.change("storage", "buckets", "create", state.backend, *flags)
        found = {
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"}
        }
    flags = wanted.differences(found)
    files = {"lifecycle.json": wanted.LIFECYCLE} if wanted.LIFECYCLE_FLAG in flags else {}
    if flags:
        gcloud.change("storage", "buckets", "update", state.backend, *flags, files=files)


def _access(gcloud: Gcloud, state: names.StateNames, policy: dict[str, object]) -> None:
    found = gcloud.look("storage", "buckets", "get-iam-policy", state.backend)
    if wanted.same_policy(found, policy):
        return
    gcloud.change("storage", "buckets", "set-iam-policy", state.backend, "policy.json", files={"policy.json": policy})


def _key(gcloud: Gcloud, state: names.StateNames) -> None:
    at = ["--location", state.region]
    if gcloud.look("kms", "keyrings", "describe", names.KEY_NAME, *at) is None:
        gcloud.change("kms", "keyrings", "create", names.KEY_NAME, *at)
    within = [*at, "--keyring", names.KEY_NAME]
    found = gcloud.look("kms", "keys", "describe", names.KEY_NAME, *within)
    rotation = [f"--rotation-period={wanted.ROTATION_DAYS}d", f"--next-rotation-time=+p{wanted.ROTATION_DAYS}d"]
    if found is None:
        gcloud.change("kms", "keys", "create", names.KEY_NAME, *within, "--purpose=encryption", *rotation)
    elif found.get("rotationPeriod") != f"{wanted.ROTATION_DAYS * 24 * 3600}s":
        gcloud.change("kms", "keys", "update", names.KEY_NAME, *within, *rotation)


def _key_access(gcloud: Gcloud, state: names.StateNames, grants: list[tuple[str, str]]) -> None:
    key = [names.KEY_NAME, "--location", state.region, "--keyring", names.KEY_NAME]
    found = gcloud.look("kms", "keys", "get-iam-policy", *key)
    for member, role in grants:
        if not wanted.holds_binding(found, member, role):
            gcloud.change("kms", "keys", "add-iam-policy-binding", *key, f"--member={member}", f"--role={role}")
