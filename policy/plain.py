"""Turns the policy SDK's proxies into plain data, with UNKNOWN where a preview does not know a value.

The proxies are neither dicts nor lists, and touching an unknown value aborts the whole policy for its resource with an advisory
message only (pulumi-policy 1.21.0); copied this way, a rule always runs and always decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from policy.rules.rule import UNKNOWN

#: What most values are; told apart first, since asking a proxy what it is takes long.
_SCALARS = (str, bool, int, float)


def plain(value: Any) -> Any:
    """`value` as dict, list or scalar, UNKNOWN at every place that is not known yet."""
    if value is None or isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {key: _member(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_member(value, index) for index in range(len(value))]
    return value


def _member(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN
