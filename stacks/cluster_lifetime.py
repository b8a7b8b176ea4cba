"""What is in a cluster goes with it: where the cluster is deleted or replaced, nobody deletes its objects one by one before.

It saves the minutes of that, and Pulumi could not do it in a replacement: its engine closes the connection to the old cluster's
provider before it deletes what was made through it (pulumi/pulumi#14650, open; seen with 3.259.0). Objects that stand for
something outside of the cluster, which would be left there, are deleted first all the same.
"""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

#: Kinds whose controllers make things in Google Cloud and take them away again: load balancers and disks.
STANDS_FOR_MORE = (
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:core/v1:Service",
    "kubernetes:gateway.networking.k8s.io/v1:Gateway",
    "kubernetes:networking.k8s.io/v1:Ingress",
)


def goes_with(provider: k8s.Provider) -> pulumi.ResourceTransformation:
    """A transformation by which objects that are made through `provider` count as deleted when it is.

    The provider stands for the cluster: it is deleted and replaced with it, and nothing else deletes it.
    """

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("kubernetes:") or args.type_ in STANDS_FOR_MORE:
            return None
        with_it = pulumi.ResourceOptions(deleted_with=provider)
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, with_it))

    return transform
