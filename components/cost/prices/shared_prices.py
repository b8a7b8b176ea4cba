"""List prices of what all deployments share, beside those of GPUs in `components/sizing/data/prices.yaml`.

A region that is missing here has no price that is known; nothing is taken from another region.
"""

from __future__ import annotations

from decimal import Decimal

from components.cost.prices.price_date import Source

#: Cyclenerd/google-cloud-pricing-cost-calculator pricing.yml @dac31281 (2026-08-20), generated from the Cloud Billing catalogue.
CATALOGUE = Source("Cyclenerd pricing.yml", "2026-08-20")
GKE = Source("cloud.google.com/kubernetes-engine/pricing", "2026-11")
NAT = Source("cloud.google.com/nat/pricing", "2026-11")
KMS = Source("cloud.google.com/kms/pricing", "2026")

#: USD per hour of a cluster, zonal or regional.
CLUSTER_HOUR = Decimal("0.10")
#: USD a month that Google gives to a billing account; it pays for one zonal cluster, and for no regional one.
FREE_TIER_MONTH = Decimal("74.40")
#: USD per hour and machine that uses the gateway, and the most for all of them.
NAT_MACHINE_HOUR, NAT_MOST_HOUR = Decimal("0.0014"), Decimal("0.044")
#: USD per hour of each address of the gateway.
NAT_ADDRESS_HOUR = Decimal("0.005")
#: USD a month for each version of a key in use.
KEY_VERSION_MONTH = Decimal("0.06")

#: USD per hour of machines without a GPU, on demand.
MACHINE_HOUR = {
    ("e2-standard-4", "us-central1"): Decimal("0.134023"),
    ("e2-standard-4", "us-east4"): Decimal("0.150942"),
    ("e2-standard-4", "europe-west4"): Decimal("0.147544"),
}
#: USD per GB and month of disks, zonal. What GKE charges for Hyperdisk's provisioned speed is not in the list.
DISK_GB_MONTH = {
    ("pd-balanced", "us-central1"): Decimal("0.10"),
    ("pd-balanced", "us-east4"): Decimal("0.11"),
    ("pd-balanced", "europe-west4"): Decimal("0.11"),
}
#: USD per GB (2^30 bytes, GiBy.mo in the Cloud Billing catalogue) and month of a bucket of class STANDARD in one region.
BUCKET_GB_MONTH = {"us-central1": Decimal("0.020"), "us-east4": Decimal("0.023"), "europe-west4": Decimal("0.020")}

#: Boot disk of a node that declares none (cloud.google.com/kubernetes-engine/docs/how-to/custom-boot-disks, 2026).
DEFAULT_DISK_TYPE, DEFAULT_DISK_GB = "pd-balanced", 100
