"""Artifact Registry."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Fields, Table, Url, same
from tests.google_api.tables.common import DELETION, member_table, parts

_UPSTREAM: Fields = {**same("publicRepository"), "customRepository": Block("customRepository", same("uri"))}
_PACKAGES: Fields = {"publicRepository": Block("publicRepository", same("repositoryBase", "repositoryPath"))}

REPOSITORY = Table(
    "artifactregistry.v1:projects.locations.repositories.create",
    {
        **DELETION,
        **parts("parent", "project", "location"),
        "repositoryId": Url("repositoryId"),
        **same("cleanupPolicyDryRun", "description", "format", "kmsKeyName", "labels", "mode"),
        "cleanupPolicies": Blocks(
            "cleanupPolicies",
            {
                **same("id", "action"),
                "condition": Block(
                    "condition",
                    {
                        **same("newerThan", "olderThan", "packageNamePrefixes", "tagPrefixes", "tagState"),
                        **same("versionNamePrefixes"),
                    },
                ),
                "mostRecentVersions": Block("mostRecentVersions", same("keepCount", "packageNamePrefixes")),
            },
            key="id",
        ),
        "dockerConfig": Block("dockerConfig", same("immutableTags")),
        "mavenConfig": Block("mavenConfig", same("allowSnapshotOverwrites", "versionPolicy")),
        "remoteRepositoryConfig": Block(
            "remoteRepositoryConfig",
            {
                **same("description", "disableUpstreamValidation", "noCache"),
                "commonRepository": Block("commonRepository", same("uri")),
                "aptRepository": Block("aptRepository", _PACKAGES),
                "yumRepository": Block("yumRepository", _PACKAGES),
                "dockerRepository": Block("dockerRepository", _UPSTREAM),
                "mavenRepository": Block("mavenRepository", _UPSTREAM),
                "npmRepository": Block("npmRepository", _UPSTREAM),
                "pythonRepository": Block("pythonRepository", _UPSTREAM),
                "upstreamCredentials": Block(
                    "upstreamCredentials",
                    {
                        "usernamePasswordCredentials": Block(
                            "usernamePasswordCredentials", same("passwordSecretVersion", "username")
                        )
                    },
                ),
            },
        ),
        "virtualRepositoryConfig": Block(
            "virtualRepositoryConfig",
            {"upstreamPolicies": Blocks("upstreamPolicies", same("id", "priority", "repository"))},
        ),
        "vulnerabilityScanningConfig": Block("vulnerabilityScanningConfig", same("enablementConfig")),
    },
)

TABLES = {
    "gcp:artifactregistry/repository:Repository": REPOSITORY,
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": member_table(
        "artifactregistry.v1:projects.locations.repositories.setIamPolicy",
        parts("resource", "project", "location", "repository"),
    ),
}
