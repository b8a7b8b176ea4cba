"""What a rule is, and the resource that it judges, as plain data.

A rule is one idea with two forms. `check` judges a resource as Pulumi declares it (CrossGuard, the plan, the audit of a state);
`admission` gives the policies by which Kyverno judges Kubernetes objects. Both share the constants of the rule's file and must
agree on its examples (policy/examples/, one file a rule).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from components.sizing.catalogue import Catalogue, load_catalogue

Severity = Literal["low", "medium", "high", "critical"]
#: `mandatory` stops a preview, an update and an admission; `advisory` is shown and audited.
Level = Literal["mandatory", "advisory"]


class _Unknown:
    """A value that a preview cannot know yet."""

    def __repr__(self) -> str:
        return "(not known before the update)"

    def __copy__(self) -> _Unknown:
        return self

    def __deepcopy__(self, memo: object) -> _Unknown:
        return self


#: Stands in properties for what is known only after the update. A rule says what it means; it is never silently accepted.
UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as Pulumi declares it: type token, name, and its inputs by the provider's own (camelCase) names."""

    type: str
    name: str
    properties: Mapping[str, Any]

    def at(self, *path: str | int) -> Any:
        """The value at `path`; None where there is nothing, UNKNOWN where it or something above it is not known."""
        value: Any = self.properties
        for part in path:
            if value is UNKNOWN:
                return UNKNOWN
            if isinstance(part, int):
                value = value[part] if isinstance(value, list) and len(value) > part else None
            else:
                value = value.get(part) if isinstance(value, Mapping) else None
        return value

    @classmethod
    def of_object(cls, content: Mapping[str, Any]) -> Resource:
        """An object of a cluster, as Pulumi would declare it."""
        version, kind = str(content.get("apiVersion", "")), str(content.get("kind", ""))
        metadata = content.get("metadata")
        name = metadata.get("name", "") if isinstance(metadata, Mapping) else ""
        group = version if "/" in version else f"core/{version}"
        properties = {key: value for key, value in content.items() if key != "status"}
        return cls(f"kubernetes:{group}:{kind}", str(name), properties)

    @property
    def api(self) -> tuple[str, str] | None:
        """(apiVersion, kind) of a Kubernetes object; None for anything else. `core/v1` is written `v1`, as in manifests."""
        package, _, rest = self.type.partition(":")
        version, _, kind = rest.rpartition(":")
        if package != "kubernetes" or not kind:
            return None
        return version.removeprefix("core/"), kind


@dataclass(frozen=True, slots=True)
class TeamTruth:
    """What a team's file says of the team: the values that its labels must have, and its limits."""

    owner: str
    cost_center: str
    monthly_budget_usd: str
    file: str


@dataclass(frozen=True, slots=True)
class Context:
    """What an environment allows. Strict by default: what nobody has said is not allowed."""

    #: Name of the environment; empty for a stack that is none of this platform's.
    environment: str = ""
    today: datetime.date = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).date())
    allow_tight: bool = False
    #: KV caches in fp8 are used for checkpoints without scales of their own too.
    allow_fp8_kv: bool = False
    #: Deployments (`<team>/<name>`) that may run although a fact about their memory is missing.
    allow_unknown: frozenset[str] = frozenset()
    #: The shipped one, with the organisation's own rows where the environment names a file of them.
    catalogue: Catalogue = field(default_factory=load_catalogue)
    #: By name of the team; empty where the stack has no team files: then only the form of labels is judged.
    teams: Mapping[str, TeamTruth] = field(default_factory=dict)
    #: Deployments with an unexpired override of the platform's engineers: which fields it decides.
    overrides: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: What images may begin with (registry, or registry and folder), each ended by a slash.
    image_prefixes: tuple[str, ...] = ()
    #: Images are named by digest; False: the tag of a release is let through, with advice.
    require_digests: bool = False
    #: Ways to buy machines that the environment allows; empty allows all.
    purchase_options: frozenset[str] = frozenset()
    #: Region that everything must be in; None does not ask.
    region: str | None = None
    #: Keys of the organisation's own are demanded for these: cluster, buckets, secrets.
    encrypted: frozenset[str] = frozenset()
    #: Models on GKE are reached through an ingress that asks who calls.
    authenticated_ingress: bool = False
    #: Rules that only advise in this environment.
    advisory: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation, as a full sentence that names the resource, what is wrong, what is allowed and what to do.

    `advisory` marks one that does not stop anything even where its rule is mandatory.
    """

    message: str
    advisory: bool = False


@dataclass(frozen=True, slots=True)
class AdmissionPolicy:
    """One ValidatingPolicy of Kyverno: which objects, and CEL expressions that must be true of them.

    `resources` are (group, version, plural). Messages are constant, or CEL when `message_expression` is given.
    """

    name: str
    resources: tuple[tuple[str, str, str], ...]
    validations: tuple[Validation, ...]
    variables: tuple[tuple[str, str], ...] = ()
    operations: tuple[str, ...] = ("CREATE", "UPDATE")
    #: Namespaces of teams only; False: all but those that the chart leaves out.
    team_namespaces: bool = True
    match_conditions: tuple[tuple[str, str], ...] = ()
    #: Pods are also judged where their controllers are written. Policies of custom kinds never are.
    autogen: bool = False


@dataclass(frozen=True, slots=True)
class Validation:
    """One CEL expression that must be true, and what is said when it is not."""

    expression: str
    message: str
    message_expression: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A resource that the rule lets through, or refuses with words that are part of its message.

    A refused one is valid otherwise. `denied_at_admission` are the words of Kyverno's message where they differ; `admission` is
    False where only a preview can judge it. `beside` are other objects that the cluster holds: namespace, sizing record.
    """

    shows: str
    resource: Resource
    denied: str | None = None
    context: Context = field(default_factory=Context)
    admission: bool = True
    denied_at_admission: str | None = None
    beside: tuple[Mapping[str, Any], ...] = ()


def no_admission(_: Context) -> tuple[AdmissionPolicy, ...]:
    """Of a rule that only a preview can judge."""
    return ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `check` returns what is wrong with one resource; an empty list means that it complies.

    `check_stack` judges all resources of a stack together, where a rule needs the whole picture. `applies` tells which types the
    rule judges, so that a rule that judged nothing is noticed. `admission` gives Kyverno's policies for an environment. Before
    `denies_from` the rule advises only.
    """

    id: str
    title: str
    why: str
    fix: str
    severity: Severity
    applies: Callable[[str], bool]
    check: Callable[[Resource, Context], list[Finding]]
    admission: Callable[[Context], tuple[AdmissionPolicy, ...]] = no_admission
    check_stack: Callable[[Sequence[Resource], Context], list[Finding]] | None = None
    denies_from: datetime.date | None = None
    #: What it knowingly lets through and why, each in a sentence without its end, for the documentation.
    exempt: tuple[str, ...] = ()

    def level(self, context: Context) -> Level:
        """How strictly the rule is meant in an environment on its day."""
        early = self.denies_from is not None and context.today < self.denies_from
        return "advisory" if early or self.id in context.advisory else "mandatory"
