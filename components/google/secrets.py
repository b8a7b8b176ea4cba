"""Places for secrets, such as a model hub's token or the API keys of a team, and the right of single identities to read them.

Owns the secrets' containers and those grants; never a value, so that none gets into a program or its state: a person adds it by
`printf %s "$VALUE" | gcloud secrets versions add <secret id> --data-file=-`. It creates no identity, and no topic for
reminders (`rotation_reminder.py`). Costs USD 0.06 a month for each version in use (list price, 2026). Replaced when: secret id or
region changes, which loses the values; a key is set, changed and taken away in place.
Source: docs.cloud.google.com/secret-manager/docs/creating-and-accessing-secrets and /secret-rotation (2026).
"""

import datetime
import re
from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.package import token

SECRET_ACCESSOR = "roles/secretmanager.secretAccessor"  # noqa: S105 - the name of a role
#: Annotation that says after how many days a value should be replaced. Keys of annotations may hold no slash.
ROTATION_ANNOTATION = "gemma-platform.rotation-days"
#: Days that a destroyed version can still be enabled again; Google allows 1 to 1000.
DESTROY_DELAY_DAYS = range(1, 1001)
#: Day from which the periods of all secrets are counted.
ROTATION_EPOCH = datetime.date(2026, 1, 1)
_SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_SECONDS_A_DAY = 24 * 3600


class ModelSecretArgs(TypedDict):
    """One secret."""

    secret_id: str
    """Id of the secret, unique in the project."""
    rotation_days: int
    """Days after which its value should be replaced."""
    next_rotation: NotRequired[str]
    """When the next reminder is due, such as `2027-01-31T00:00:00Z`; needed with a topic. `rotation_after` gives it."""
    readers: dict[str, pulumi.Input[str]]
    """IAM members that may read the value, each under a name of its own."""
    labels: dict[str, str]
    """Google labels."""


class ModelSecretsArgs(TypedDict):
    """Arguments of ModelSecrets."""

    region: str
    """Region in which the values are kept, and no other."""
    secrets: list[ModelSecretArgs]
    """The secrets."""
    kms_key: NotRequired[pulumi.Input[str]]
    """Key of the organisation's own that encrypts the values."""
    rotation_topic: NotRequired[pulumi.Input[str]]
    """Pub/Sub topic that is reminded of rotations, `projects/<project>/topics/<topic>`; Secret Manager's agent must be allowed to
    publish there. Without it the period is an annotation only, and nobody is reminded."""
    destroy_delay_days: int
    """Days for which a version that was destroyed can still be restored."""
    deletion_protection: bool
    """Refuse to delete the secrets."""


class ModelSecrets(pulumi.ComponentResource):
    """Secrets without values."""

    secret_ids: pulumi.Output[list[str]]

    def __init__(self, name: str, args: ModelSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args)
        super().__init__(token(ModelSecrets), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        ids = []
        for wanted in args["secrets"]:
            secret = _create_secret(name, args, wanted, self)
            for reader, member in wanted["readers"].items():
                grant_access(f"{name}-{wanted['secret_id']}/{reader}", secret.secret_id, member, child)
            ids.append(secret.secret_id)
        self.secret_ids = pulumi.Output.all(*ids)
        self.register_outputs({"secret_ids": self.secret_ids})


def rotation_after(today: datetime.date, days: int) -> str:
    """When a secret with a period of so many days reminds next, as seen on a day (UTC).

    Google moves the date on by the period at every reminder. Counted from one day for all, the date here moves on at the same
    moment, so that a program which says it again changes nothing; ignoring it would also take it from secrets that have none yet.
    """
    past = (today - ROTATION_EPOCH).days // days
    return f"{ROTATION_EPOCH + datetime.timedelta(days=(past + 1) * days)}T00:00:00Z"


def grant_access(
    name: str, secret_id: pulumi.Input[str], member: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> gcp.secretmanager.SecretIamMember:
    """Lets `member` read the values of one secret."""
    return gcp.secretmanager.SecretIamMember(name, secret_id=secret_id, role=SECRET_ACCESSOR, member=member, opts=opts)


def _create_secret(
    name: str, args: ModelSecretsArgs, wanted: ModelSecretArgs, parent: pulumi.Resource
) -> gcp.secretmanager.Secret:
    replica = gcp.secretmanager.SecretReplicationUserManagedReplicaArgs(location=args["region"])
    if "kms_key" in args:
        replica.customer_managed_encryption = (
            gcp.secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs(
                kms_key_name=args["kms_key"]
            )
        )
    days, topics, rotation = int(wanted["rotation_days"]), None, None
    if "rotation_topic" in args:
        topics = [gcp.secretmanager.SecretTopicArgs(name=args["rotation_topic"])]
        rotation = gcp.secretmanager.SecretRotationArgs(
            rotation_period=f"{days * _SECONDS_A_DAY}s", next_rotation_time=wanted.get("next_rotation")
        )
    return gcp.secretmanager.Secret(
        f"{name}-{wanted['secret_id']}",
        secret_id=wanted["secret_id"],
        replication=gcp.secretmanager.SecretReplicationArgs(
            user_managed=gcp.secretmanager.SecretReplicationUserManagedArgs(replicas=[replica])
        ),
        labels=wanted["labels"],
        annotations={ROTATION_ANNOTATION: str(days)},
        topics=topics,
        rotation=rotation,
        version_destroy_ttl=f"{int(args['destroy_delay_days']) * _SECONDS_A_DAY}s",
        deletion_protection=args["deletion_protection"],
        opts=pulumi.ResourceOptions(
            parent=parent,
            protect=args["deletion_protection"],  # a preview refuses before anything else is deleted
            delete_before_replace=True,  # its id is unique in the project, whatever the region
        ),
    )


def _refuse(args: ModelSecretsArgs) -> None:
    if int(args["destroy_delay_days"]) not in DESTROY_DELAY_DAYS:
        raise ValueError(f"destroy_delay_days is {args['destroy_delay_days']}; allowed: 1 to {DESTROY_DELAY_DAYS[-1]}")
    ids = [secret["secret_id"] for secret in args["secrets"]]
    if not ids:
        raise ValueError("secrets is empty")
    if len(set(ids)) < len(ids):
        raise ValueError(f"secrets names an id more than once: {', '.join(ids)}")
    for secret in args["secrets"]:
        secret_id = secret["secret_id"]
        if not _SECRET_ID.fullmatch(secret_id):
            raise ValueError(f"'{secret_id}' is no secret id: 1 to 255 letters, digits, '_' and '-'")
        if int(secret["rotation_days"]) < 1:
            raise ValueError(f"rotation_days of {secret_id} is {secret['rotation_days']}; at least 1")
        if ("rotation_topic" in args) != ("next_rotation" in secret):
            raise ValueError(f"rotation_topic and next_rotation of {secret_id} belong together")
