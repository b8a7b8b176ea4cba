"""The resources of a stack's state, as `pulumi stack export` gives it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from policy.audit.errors import WrongUseError
from policy.rules.rule import UNKNOWN, Resource

#: Key and value that mark a secret in a state (pulumi sdk/go/common/resource/sig).
SECRET_KEY, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
#: What providers note of the defaults that they filled in.
DEFAULTS = "__defaults"
SECONDS = 120


def export_state(environment: str) -> str:
    """The state of the stack, asked of pulumi. Secrets stay encrypted in it."""
    return answer_of(["pulumi", "stack", "export", "--stack", environment], "the state; give it with --state FILE")


def answer_of(command: list[str], what: str) -> str:
    """What a program prints. Raises WrongUseError that says what it was asked for where it fails."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WrongUseError(f"{command[0]} was asked for {what}: {error}") from None
    if answer.returncode != 0:
        raise WrongUseError(f"{command[0]} was asked for {what}: {answer.stderr.strip() or answer.stdout.strip()}")
    return answer.stdout


def resources_in(text: str) -> list[Resource]:
    """The resources of clouds and clusters in an exported state; components, providers and what is only read are none.

    Raises WrongUseError for what is no state, or one without resources: an audit of nothing must not look green.
    """
    try:
        rows = json.loads(text)["deployment"].get("resources", [])
        found = [_resource(row) for row in rows if _is_ours(row)]
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise WrongUseError(f"the state is not what `pulumi stack export` writes: {error!r}") from None
    if not found:
        raise WrongUseError("the state holds no resource; nothing was audited")
    return found


def _is_ours(row: Mapping[str, Any]) -> bool:
    pending = row.get("delete") or row.get("external")
    return bool(row.get("custom")) and not pending and not row["type"].startswith("pulumi:")


def _resource(row: Mapping[str, Any]) -> Resource:
    return Resource(row["type"], row["urn"].rpartition("::")[2], _plain(row.get("inputs") or {}))


def _plain(value: Any) -> Any:
    """The same with UNKNOWN for secrets, which nobody but their reader should see."""
    if isinstance(value, Mapping):
        if value.get(SECRET_KEY) == SECRET:
            return UNKNOWN
        return {key: _plain(member) for key, member in value.items() if key != DEFAULTS}
    return [_plain(member) for member in value] if isinstance(value, list) else value
