"""Cloud Run: services and jobs. Not mapped: what builds from source."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Fields, Table, To, Url, same
from tests.google_api.tables.common import DELETION, member_table, parts

_PROBE: Fields = {
    **same("failureThreshold", "initialDelaySeconds", "periodSeconds", "timeoutSeconds"),
    "grpc": Block("grpc", same("port", "service")),
    "httpGet": Block("httpGet", {**same("path", "port"), "httpHeaders": Blocks("httpHeaders", same("name", "value"))}),
    "tcpSocket": Block("tcpSocket", same("port")),
}
_READINESS: Fields = {
    **same("failureThreshold", "periodSeconds", "timeoutSeconds"),
    "grpc": Block("grpc", same("port", "service")),
    "httpGet": Block("httpGet", same("path", "port")),
}
_ENVIRONMENT = Blocks(
    "env",
    {
        **same("name", "value"),
        "valueSource": Block("valueSource", {"secretKeyRef": Block("secretKeyRef", same("secret", "version"))}),
    },
)
_CONTAINER: Fields = {
    **same("image", "args", "name", "sandboxLauncher", "workingDir"),
    "commands": To("command"),
    "dependsOns": To("dependsOn"),
    "envs": _ENVIRONMENT,
    "startupProbe": Block("startupProbe", _PROBE),
    "volumeMounts": Blocks("volumeMounts", same("mountPath", "name", "subPath")),
}
_PORT: Fields = same("containerPort", "name")
_VOLUME: Fields = {
    **same("name"),
    "cloudSqlInstance": Block("cloudSqlInstance", same("instances")),
    "emptyDir": Block("emptyDir", same("medium", "sizeLimit")),
    "gcs": Block("gcs", same("bucket", "mountOptions", "readOnly")),
    "nfs": Block("nfs", same("path", "server", "readOnly")),
    "secret": Block(
        "secret", {**same("secret", "defaultMode"), "items": Blocks("items", same("path", "mode", "version"))}
    ),
}
#: Alike in a service's revisions and a job's tasks.
_WORKLOAD: Fields = {
    **same("encryptionKey", "executionEnvironment", "gpuZonalRedundancyDisabled", "serviceAccount", "timeout"),
    "nodeSelector": Block("nodeSelector", same("accelerator")),
    "volumes": Blocks("volumes", _VOLUME),
    "vpcAccess": Block(
        "vpcAccess",
        {
            **same("connector", "egress"),
            "networkInterfaces": Blocks("networkInterfaces", same("network", "subnetwork", "tags")),
        },
    ),
    "workloadIdentityConfig": Block(
        "workloadIdentityConfig", same("identity", "identityCertificateEnabled", "identityType")
    ),
}
_RESOURCE: Fields = {
    **DELETION,
    **parts("parent", "project", "location"),
    **same("annotations", "client", "clientVersion", "functionalType", "labels", "launchStage"),
    "binaryAuthorization": Block("binaryAuthorization", same("breakglassJustification", "policy", "useDefault")),
}

SERVICE = Table(
    "run.v2:projects.locations.services.create",
    {
        **_RESOURCE,
        "name": Url("serviceId"),
        **same("customAudiences", "defaultUriDisabled", "description", "iapEnabled", "ingress", "invokerIamDisabled"),
        **same("sshEnabled"),
        "multiRegionSettings": Block("multiRegionSettings", same("multiRegionId", "regions")),
        "scaling": Block("scaling", same("manualInstanceCount", "maxInstanceCount", "minInstanceCount", "scalingMode")),
        "traffics": Blocks("traffic", same("percent", "revision", "tag", "type")),
        "template": Block(
            "template",
            {
                **_WORKLOAD,
                **same("annotations", "healthCheckDisabled", "labels", "maxInstanceRequestConcurrency", "revision"),
                **same("sessionAffinity"),
                "containers": Blocks(
                    "containers",
                    {
                        **_CONTAINER,
                        **same("baseImageUri"),
                        "resources": Block("resources", same("limits", "cpuIdle", "startupCpuBoost")),
                        # the API has a list of which it takes one
                        "ports": Block("ports", _PORT, listed=True),
                        "livenessProbe": Block("livenessProbe", _PROBE),
                        "readinessProbe": Block("readinessProbe", _READINESS),
                    },
                ),
                "scaling": Block(
                    "scaling",
                    same("concurrencyUtilization", "cpuUtilization", "maxInstanceCount", "minInstanceCount"),
                ),
                "serviceMesh": Block("serviceMesh", same("mesh")),
            },
        ),
    },
)

JOB = Table(
    "run.v2:projects.locations.jobs.create",
    {
        **_RESOURCE,
        "name": Url("jobId"),
        **same("runExecutionToken", "startExecutionToken"),
        "template": Block(
            "template",
            {
                **same("annotations", "delayExecution", "labels", "parallelism", "taskCount"),
                "template": Block(
                    "template",
                    {
                        **_WORKLOAD,
                        **same("maxRetries"),
                        "containers": Blocks(
                            "containers",
                            {
                                **_CONTAINER,
                                "ports": Blocks("ports", _PORT),
                                "resources": Block("resources", same("limits")),
                            },
                        ),
                    },
                ),
            },
        ),
    },
)

TABLES = {
    "gcp:cloudrunv2/service:Service": SERVICE,
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": member_table(
        "run.v2:projects.locations.services.setIamPolicy", parts("resource", "project", "location", "name")
    ),
    "gcp:cloudrunv2/job:Job": JOB,
    "gcp:cloudrunv2/jobIamMember:JobIamMember": member_table(
        "run.v2:projects.locations.jobs.setIamPolicy", parts("resource", "project", "location", "name")
    ),
}
