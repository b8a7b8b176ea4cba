"""Where the weights are kept and how they get there: the model bucket, and a loader job for each revision that is served.

Part of the composer: wires components as the settings ask for them and decides nothing.
"""

from __future__ import annotations

import pulumi

from components.google.model_bucket import ModelBucket, ModelBucketArgs
from components.google.network import Network
from components.google.weights_loader_job import WeightsLoaderJob, WeightsLoaderJobArgs
from components.naming import Scope, Service, cloud_name
from stacks.foundation import Foundation
from stacks.plan import Plan
from stacks.setting_groups import LoaderSettings


class Weights:
    """Bucket and loader jobs, registered on construction."""

    def __init__(self, plan: Plan, foundation: Foundation, network: Network) -> None:
        self.plan, self.foundation, self.network = plan, foundation, network
        self.settings = plan.environment.settings
        self.labels = plan.shared_labels.google()
        self.bucket = self._bucket()
        loader = self.settings.loader
        served = sorted({one for planned in plan.deployments for one in planned.loads})
        #: By id and revision of what they load.
        self.loaders = {one: self._loader(loader, *one) for one in served} if loader is not None else {}

    def _bucket(self) -> ModelBucket:
        wanted = self.settings.bucket
        args = ModelBucketArgs(
            name=self.plan.bucket,
            location=self.settings.region,
            force_destroy=not self.settings.deletion_protection,
            soft_delete_days=wanted.soft_delete_days,
            labels=self.labels,
        )
        if wanted.retention_days is not None:
            args["retention_days"] = wanted.retention_days
        if wanted.dual_region is not None:
            args["dual_region"] = list(wanted.dual_region)
        if (key := self.foundation.key("buckets")) is not None:
            args["kms_key"] = key
        return ModelBucket("models", args, self.foundation.options())

    def _loader(self, loader: LoaderSettings, checkpoint: str, revision: str) -> WeightsLoaderJob:
        scope = Scope(self.settings.project, self.plan.environment.name)
        part = checkpoint.replace("/", "-").replace(".", "-").lower()
        args = WeightsLoaderJobArgs(
            name=cloud_name(Service.JOB, scope, "load", part),
            account_id=cloud_name(Service.SERVICE_ACCOUNT, scope, "load", part),
            region=self.settings.region,
            network_id=self.network.network_id,
            subnetwork_id=self.network.subnetwork_id,
            bucket=self.bucket.bucket_name,
            bucket_name=self.plan.bucket,
            image=loader.image,
            source=loader.sources.get(checkpoint, f"hf://{checkpoint}"),
            checkpoint=checkpoint,
            revision=revision,
            deletion_protection=False,  # a job keeps nothing
            labels=self.labels,
        )
        if loader.hub_token_secret is not None:
            args["hub_token_secret"] = loader.hub_token_secret
        secrets = self.foundation.secrets
        after = pulumi.ResourceOptions(depends_on=[secrets] if secrets is not None else None)
        return WeightsLoaderJob(
            f"load-{checkpoint}", args, pulumi.ResourceOptions.merge(self.foundation.options(), after)
        )
