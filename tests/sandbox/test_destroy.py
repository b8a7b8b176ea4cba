"""What `pulumi destroy` leaves of an environment whose bucket holds weights, and that the documented way to retire prod is one.

That a destroy of prod is refused before that, with nothing deleted, is in `test_lifecycle.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.providers.cloud import Cloud
from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.slow

BUCKET = "gcp:storage/bucket:Bucket"
SERVICES = "gcp_projects_service_Service"
#: What Google keeps whatever is done, beside services: key rings, keys without versions, pools of outside identities for a while,
#: and requests for quota.
KEPT = {
    "gcp_kms_keyRing_KeyRing",
    "gcp_kms_cryptoKey_CryptoKey",
    "gcp_iam_workloadIdentityPool_WorkloadIdentityPool",
    "gcp_cloudquota_sQuotaPreference_SQuotaPreference",
}


def load_weights(sandbox: Sandbox, env: str) -> str:
    """Puts objects into the model bucket of an environment, as a loader would; the name of the bucket."""
    (bucket,) = [str(r["outputs"]["name"]) for r in sandbox.resources(env) if r["type"] == BUCKET]
    for name in ("manifest.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"):
        target = sandbox.instance.cloud / "objects" / bucket / "google" / "gemma" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("weights", encoding="utf-8")
    assert len(objects(sandbox, bucket)) == 3
    return bucket


def objects(sandbox: Sandbox, bucket: str) -> list[Path]:
    return Cloud(sandbox.instance.cloud).objects(bucket)


def left(sandbox: Sandbox) -> set[str]:
    """Kinds of what still exists in the cloud."""
    return {path.parent.name for path in sandbox.instance.cloud.glob("*_*/*.json")}


def own(sandbox: Sandbox, env: str) -> list[str]:
    """URNs in the state, without the stack itself."""
    return [r["urn"] for r in sandbox.resources(env) if r["type"] != "pulumi:pulumi:Stack"]


def test_a_destroy_of_dev_takes_the_objects_of_its_bucket_along_and_leaves_enabled_apis_only(sandbox: Sandbox) -> None:
    up = sandbox.up("dev")
    assert up.exit_code == 0, up.output
    bucket = load_weights(sandbox, "dev")
    record = Cloud(sandbox.instance.cloud).get(BUCKET, bucket)
    assert record is not None
    # Google keeps deleted objects for so long; nothing else of the bucket is left
    assert record["inputs"]["softDeletePolicy"]["retentionDurationSeconds"] == 7 * 24 * 3600

    destroyed = sandbox.destroy("dev")
    assert destroyed.exit_code == 0, destroyed.output
    assert own(sandbox, "dev") == []
    assert objects(sandbox, bucket) == []
    assert left(sandbox) == {SERVICES}


def test_once_its_protection_is_lifted_by_an_update_prod_is_destroyed_but_for_what_google_keeps(
    sandbox: Sandbox,
) -> None:
    up = sandbox.up("prod")
    assert up.exit_code == 0, up.output
    bucket = load_weights(sandbox, "prod")
    before = own(sandbox, "prod")

    sandbox.edit("Pulumi.prod.yaml", "deletion_protection: true", "deletion_protection: false")
    lifted = sandbox.up("prod")
    assert lifted.exit_code == 0, lifted.output
    assert sorted(own(sandbox, "prod")) == sorted(before)
    assert len(objects(sandbox, bucket)) == 3

    destroyed = sandbox.destroy("prod")
    assert destroyed.exit_code == 0, destroyed.output
    assert own(sandbox, "prod") == []
    assert objects(sandbox, bucket) == []
    assert SERVICES in left(sandbox)
    assert left(sandbox) - {SERVICES} <= KEPT
