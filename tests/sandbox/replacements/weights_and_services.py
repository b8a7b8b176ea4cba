"""Model bucket, loader jobs, Cloud Run services, secrets and the mirror of images."""

from __future__ import annotations

from components.google.cloud_run_model import CloudRunModel
from components.google.model_bucket import ModelBucket
from components.google.registry_mirror import RegistryMirror
from components.google.secrets import ModelSecrets
from components.google.weights_loader_job import WeightsLoaderJob
from components.served_model import weights_place
from tests.sandbox.replacements.case import Arguments, Case, Subject
from tests.unit.components import (
    test_cloud_run_model,
    test_model_bucket,
    test_registry_mirror,
    test_secrets,
    test_weights_loader_job,
)

BUCKET, GRANT = "storage.Bucket", "storage.BucketIAMMember"
SERVICE, CALLER, ACCOUNT = "cloudrunv2.Service", "cloudrunv2.ServiceIamMember", "serviceaccount.Account"
JOB, SECRET, READER = "cloudrunv2.Job", "secretmanager.Secret", "secretmanager.SecretIamMember"
REPOSITORY = "artifactregistry.Repository"
KEY = "projects/elsewhere/locations/us-central1/keyRings/r/cryptoKeys/k"
TOPIC = "projects/elsewhere/topics/rotation"
#: What services and jobs use, and other ones that they could use instead.
SHARED_BUCKET, OTHER_BUCKET, SHARED_SECRET = "acme-models", "acme-others", "hub-token"
CHECKPOINT = test_cloud_run_model.CHECKPOINT


def bucket(number: int) -> Arguments:
    return {**test_model_bucket.args(), "name": f"acme-bucket-{number}", "force_destroy": True}


def service(number: int) -> Arguments:
    callers = ["group:support@example.com"]
    return {
        **test_cloud_run_model.args(callers=callers),
        "name": f"service-{number}",
        "account_id": f"service-account-{number}",
    }


def serving(bucket_name: str, folder: str) -> Arguments:
    """Arguments for a service whose weights lie there."""
    place = weights_place("stream", bucket_name, folder)
    model = test_cloud_run_model.model()
    arguments = [argument.replace(test_cloud_run_model.PLACE["stream"], place) for argument in model["arguments"]]
    return {"model": {**model, "arguments": arguments}}


def job(number: int) -> Arguments:
    return {
        **test_weights_loader_job.args(),
        "name": f"job-{number}",
        "account_id": f"job-account-{number}",
        "bucket": SHARED_BUCKET,
        "bucket_name": SHARED_BUCKET,
        "hub_token_secret": SHARED_SECRET,
    }


def one_secret(number: int, **changes: object) -> Arguments:
    return test_secrets.secret(f"token-{number}", **{"readers": {"app": "group:app@a.example"}, **changes})


def secrets(number: int) -> Arguments:
    return {**test_secrets.args(), "secrets": [one_secret(number)], "deletion_protection": False}


def mirror(number: int) -> Arguments:
    return {**test_registry_mirror.args(), "repositories": {"docker.io": f"docker-{number}"}}


SUBJECTS = (
    Subject(
        ModelBucket,
        bucket,
        [
            Case({"name": "acme-other"}, replaced=[BUCKET]),
            Case({"location": "us-east1"}, replaced=[BUCKET]),
            Case({"dual_region": ["us-central1", "us-west1"]}, replaced=[BUCKET]),
            Case(
                {"dual_region": ["us-central1", "us-east4"]},
                replaced=[BUCKET],
                start={"dual_region": ["us-central1", "us-west1"]},
            ),
            Case({"force_destroy": False, "retention_days": 3, "kms_key": KEY}, updated=[BUCKET]),
            Case({"soft_delete_days": 30, "labels": {"team": "other"}}, updated=[BUCKET]),
        ],
    ),
    Subject(
        CloudRunModel,
        service,
        [
            Case({"name": "other"}, replaced=[SERVICE, CALLER]),
            Case({"region": "us-east4"}, replaced=[SERVICE, CALLER]),
            Case({"account_id": "other-account"}, replaced=[ACCOUNT, GRANT], updated=[SERVICE]),
            Case(
                {"bucket": OTHER_BUCKET, "bucket_name": OTHER_BUCKET, **serving(OTHER_BUCKET, CHECKPOINT)},
                replaced=[GRANT],
                updated=[SERVICE],
            ),
            Case(
                {"checkpoint": "acme/other", **serving(SHARED_BUCKET, "acme/other")},
                replaced=[GRANT],
                updated=[SERVICE],
            ),
            Case({"callers": ["group:other@example.com"]}, created=[CALLER], deleted=[CALLER]),
            Case(
                {
                    "revision": "0" * 40,
                    **serving(SHARED_BUCKET, f"{CHECKPOINT}/{'0' * 40}"),
                    "network_id": "other",
                    "subnetwork_id": "other",
                    "ingress": "internal-and-load-balancing",
                    "gpu_quota": 99,
                    "deletion_protection": True,
                    "labels": {"team": "other"},
                },
                updated=[SERVICE],
            ),
            Case({"weights": "mount", "model": test_cloud_run_model.model("mount")}, updated=[SERVICE]),
            Case(
                {"stable_revision": "service-00001-abc", "model": test_cloud_run_model.model(canary_percent=10)},
                updated=[SERVICE],
            ),
            # said of the endpoint to those who call it
            Case({"inputs": ["text"], "cold_start_seconds": 99}),
            Case({"usd_per_month": "1.00"}, updated=[SERVICE]),  # an annotation of the service
        ],
    ),
    Subject(
        WeightsLoaderJob,
        job,
        [
            Case({"name": "other"}, replaced=[JOB]),
            Case({"region": "us-east4"}, replaced=[JOB]),
            Case({"account_id": "other-account"}, replaced=[ACCOUNT, GRANT, READER], updated=[JOB]),
            Case({"bucket": OTHER_BUCKET, "bucket_name": OTHER_BUCKET}, replaced=[GRANT], updated=[JOB]),
            Case({"checkpoint": "acme/other"}, replaced=[GRANT], updated=[ACCOUNT, JOB]),
            Case({"hub_token_secret": "other"}, replaced=[READER], updated=[JOB]),
            Case(
                {
                    "network_id": "other",
                    "subnetwork_id": "other",
                    "image": f"images.example/loader@sha256:{'0' * 64}",
                    "source": "gs://elsewhere/weights",
                    "revision": "0" * 40,
                    "deletion_protection": True,
                    "labels": {"team": "other"},
                },
                updated=[JOB],
            ),
        ],
    ),
    Subject(
        ModelSecrets,
        secrets,
        [
            Case({"region": "us-east1"}, replaced=[SECRET, READER]),
            Case(
                {"secrets": [one_secret(99)]},
                created=[SECRET, READER],
                deleted=[SECRET, READER],
            ),
            Case({"secrets": [one_secret(2, readers={"app": "group:other@a.example"})]}, replaced=[READER]),
            Case({"secrets": [one_secret(3, rotation_days=30, labels={"team": "other"})]}, updated=[SECRET]),
            Case(
                {
                    "rotation_topic": TOPIC,
                    "secrets": [one_secret(4, next_rotation="2027-01-31T08:00:00Z")],
                },
                updated=[SECRET],
            ),
            Case({"kms_key": KEY, "destroy_delay_days": 30, "deletion_protection": True}, updated=[SECRET]),
        ],
    ),
    Subject(
        RegistryMirror,
        mirror,
        [
            Case({"repositories": {"docker.io": "other"}}, replaced=[REPOSITORY]),
            Case({"region": "us-east1"}, replaced=[REPOSITORY]),
            Case({"repositories": {"docker.io": "docker-2", "quay.io": "quay-2"}}, created=[REPOSITORY]),
            Case(
                {
                    "keep_versions": 9,
                    "delete_after_days": 9,
                    "vulnerability_scanning": True,
                    "labels": {"team": "other"},
                },
                updated=[REPOSITORY],
            ),
        ],
    ),
)
