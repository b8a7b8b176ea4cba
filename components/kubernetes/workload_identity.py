"""How a Kubernetes service account is called in IAM: by itself, with no Google service account between and no key. Pure.

Source: docs.cloud.google.com/kubernetes-engine/docs/how-to/workload-identity (2026).
"""


def member_of(project: str, project_number: str, namespace: str, service_account: str) -> str:
    """IAM member that stands for a service account of the clusters of a project.

    The pool is the project's: in every cluster of it, the account of that name is the same member.
    """
    pool = f"projects/{project_number}/locations/global/workloadIdentityPools/{project}.svc.id.goog"
    return f"principal://iam.googleapis.com/{pool}/subject/ns/{namespace}/sa/{service_account}"
