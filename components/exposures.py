"""Whence models on GKE are reached through a load balancer. Pure: components and policies read it."""

#: The organisation's networks, or the internet.
INTERNAL, EXTERNAL = "internal", "external"
EXPOSURES = (INTERNAL, EXTERNAL)
#: GKE's class of Gateway for each
#: (docs.cloud.google.com/kubernetes-engine/docs/how-to/gatewayclass-capabilities, 2026).
GATEWAY_CLASSES = {INTERNAL: "gke-l7-rilb", EXTERNAL: "gke-l7-global-external-managed"}


def check_exposure(exposure: str) -> None:
    """Raises ValueError for a way of exposure that there is not."""
    if exposure not in EXPOSURES:
        raise ValueError(f"exposure is '{exposure}'; allowed: {', '.join(EXPOSURES)}")
