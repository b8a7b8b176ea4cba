"""What the stand-ins describe to a program in YAML: the provider's own settings, with the types of the SDK."""

from __future__ import annotations

import json

import pulumi_kubernetes
from pulumi import _types

from sandbox.providers.provider_schema import provider_schema


def test_the_settings_of_a_provider_are_those_of_its_sdk() -> None:
    schema = json.loads(provider_schema("kubernetes", "4.34.2"))
    settings = schema["provider"]["inputProperties"]
    assert (schema["name"], schema["version"]) == ("kubernetes", "4.34.2")
    assert set(settings) == set(_types.input_type_py_to_pulumi_names(pulumi_kubernetes.ProviderArgs).values())
    assert settings["kubeconfig"] == {"type": "string"}
    assert settings["enableConfigMapMutable"] == {"type": "boolean"}
    assert settings["kubeClientSettings"] == {"$ref": "pulumi.json#/Any"}


def test_google_has_one_too() -> None:
    settings = json.loads(provider_schema("gcp", "10.2.0"))["provider"]["inputProperties"]
    assert settings["project"] == {"type": "string"}
