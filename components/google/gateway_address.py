"""Static address of the way in to the models, which outlives the load balancer behind it.

Owns one address, on the internet or in the environment's subnet; makes no DNS record and no load balancer: a GKE Gateway names
it. The purpose of an internal one lets several forwarding rules share it, one for each port.
Idle cost: none for an address inside; one on the internet costs by the hour while nothing uses it (price unconfirmed).
Replaced when: anything but the labels changes, and the DNS records of the domain must follow then.
Source: docs.cloud.google.com/kubernetes-engine/docs/how-to/deploying-gateways, /compute/docs/reference/rest/v1/addresses (2026).
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.exposures import EXTERNAL, INTERNAL, check_exposure
from components.package import token


class GatewayAddressArgs(TypedDict):
    """Arguments of GatewayAddress."""

    name: str
    """Name of the address."""
    exposure: str
    """internal or external."""
    region: str
    """Region of an internal address."""
    subnetwork_id: NotRequired[pulumi.Input[str]]
    """Subnet that an internal address is taken from; needed for one."""
    labels: dict[str, str]
    """Google labels."""


class GatewayAddress(pulumi.ComponentResource):
    """An address that a Gateway can name."""

    address_name: pulumi.Output[str]
    address: pulumi.Output[str]

    def __init__(self, name: str, args: GatewayAddressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_exposure(args["exposure"])
        if (args["exposure"] == INTERNAL) != ("subnetwork_id" in args):
            raise ValueError(
                f"exposure is '{args['exposure']}' and subnetwork_id is {'there' if 'subnetwork_id' in args else 'missing'}; "
                "an internal address is taken from a subnet, an external one from none"
            )
        super().__init__(token(GatewayAddress), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        if args["exposure"] == EXTERNAL:
            made = gcp.compute.GlobalAddress(
                name, name=args["name"], address_type="EXTERNAL", labels=args["labels"], opts=child
            )
        else:
            made = gcp.compute.Address(
                name,
                name=args["name"],
                region=args["region"],
                address_type="INTERNAL",
                purpose="SHARED_LOADBALANCER_VIP",
                subnetwork=args.get("subnetwork_id"),
                labels=args["labels"],
                opts=child,
            )
        self.address_name = made.name
        self.address = made.address
        self.register_outputs({"address_name": self.address_name, "address": self.address})
