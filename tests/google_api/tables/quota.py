"""Cloud Quotas. The wheel has no description of this API, so its properties are listed and its bodies stay unchecked."""

from __future__ import annotations

#: Types of resources whose API the wheel does not describe: the document to look for, and the properties that are known.
UNDESCRIBED: dict[str, tuple[str, frozenset[str]]] = {
    "gcp:cloudquota/sQuotaPreference:SQuotaPreference": (
        "cloudquotas.v1",
        frozenset(
            {
                "contactEmail",
                "dimensions",
                "ignoreSafetyChecks",
                "justification",
                "name",
                "parent",
                "quotaConfig",
                "quotaId",
                "service",
            }
        ),
    ),
}
