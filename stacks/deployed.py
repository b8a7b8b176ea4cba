"""What this stack published when it was last updated."""

from __future__ import annotations

from typing import Any

import pulumi

#: The function behind a reference to a stack. A reference would be a resource of its own, whose value every update changes, so
#: that a refresh would never find the stack in order (pulumi/pulumi pkg/resource/deploy/builtins.go, 3.259.0).
READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"


def deployed_outputs() -> dict[str, Any]:
    """The outputs of this stack as the state has them; empty before the first update."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke(READ_OUTPUTS, {"name": stack}).value
    return (answer or {}).get("outputs") or {}
