"""Puts the examples of the rules before a running Kyverno, each judged by its own rule, as its own environment has it.

The policies are the product's, made for what the example's environment allows, and judge nobody but a user whose name tells which
of them are meant; the policies of the stack itself let the examples pass by an exception. Nothing else is changed: policies on
pods and those that look elsewhere leave dry runs alone, so the objects are really created, and deleted at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from components.kubernetes.governance import API_VERSION, EXCEPTION, POLICY
from components.kubernetes.kyverno import NAMESPACE
from policy.admission.manifests import validating_policies
from policy.rules.rule import Example, Rule
from sandbox.cluster.api_server import MERGE, ApiError, ApiServer, Object
from tests.policy.examples import AT_ADMISSION, admission_examples
from tests.tools.test_kyverno import LABELS, manifest_of

#: Whoever has a name that begins like this is judged by the examples' policies alone.
WHO = "example"
#: A group that may do everything.
MASTERS = "system:masters"
#: (user, group) whom no policy judges while the exception holds.
EXEMPT = f"{WHO} of none", MASTERS
#: Requests at once.
THREADS = 6
#: Where Kyverno tells the API server what to ask it about.
WEBHOOKS = "kyverno-resource-validating-webhook-cfg"
EXCEPTION_NAME = "examples"
#: How the namespaces of examples begin.
PLACE = "team-search-example-"


@dataclass(frozen=True)
class Case:
    """One example, the policies that judge it, and the namespace that holds what stands beside it."""

    rule: Rule
    example: Example
    group: str
    namespace: str

    @property
    def words(self) -> str | None:
        """What is said when it is refused."""
        return self.example.denied_at_admission or self.example.denied

    @property
    def object(self) -> Object:
        made = _inside(self.namespace, manifest_of(self.example.resource))
        if made["kind"] == "Namespace":
            made["metadata"]["name"] += "-asked"
        return made


@dataclass
class Stand:
    """All cases, and all that has to be in the cluster for them."""

    cases: list[Case] = field(default_factory=list)
    policies: list[Object] = field(default_factory=list)
    held: dict[str, list[Object]] = field(default_factory=dict)
    """By namespace."""

    def install(self, api: ApiServer) -> None:
        """Makes everything but what the cases ask for."""
        own = {one["metadata"]["name"] for one in self.policies}
        policies = [name for one in api.list(API_VERSION, POLICY) if (name := one["metadata"]["name"]) not in own]
        alone = {case.object["metadata"]["name"] for case in self.cases if "namespace" not in case.object["metadata"]}
        api.apply(_exception(policies, sorted({*alone, *self.held})), WHO)
        admin = api.acting_as(*EXEMPT)
        for manifests in self.held.values():
            for manifest in manifests:
                admin.apply(manifest, WHO)
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda policy: api.apply(policy, WHO), self.policies))

    def is_in_force(self, api: ApiServer) -> bool:
        """True when the API server asks Kyverno about every policy. Kyverno may still have to compile the last ones."""
        made = api.get("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", WEBHOOKS) or {}
        asked = " ".join(f"{one['name']} " for one in made.get("webhooks") or [])
        names = [one["metadata"]["name"] for one in self.policies]
        return all(f"-{name} " in asked for name in names)

    def withdraw_exception(self, api: ApiServer) -> None:
        """From now on the stack's own policies judge everybody again."""
        api.delete(_exception([], []))

    def remove(self, api: ApiServer) -> None:
        """Removes all of it again; namespaces go when their controller comes to it."""
        for policy in self.policies:
            api.delete(policy)
        for namespace in self.held:
            api.delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        self.withdraw_exception(api)


def make_stand() -> Stand:
    """Of all examples of all rules that Kyverno judges."""
    stand, groups, places = Stand(), {}, {}
    for rule in AT_ADMISSION:
        for example in admission_examples(rule):
            judged_by = f"{rule.id} {rule.admission(example.context)}"
            if judged_by not in groups:
                groups[judged_by] = f"{len(groups)}"
                made = validating_policies([rule], example.context, LABELS)
                stand.policies += [_of_group(one, groups[judged_by]) for one in made]
            place = json.dumps(example.beside, sort_keys=True)
            if place not in places:
                places[place] = f"{PLACE}{len(places)}"
                stand.held[places[place]] = list(_held(places[place], example.beside))
            stand.cases.append(Case(rule, example, groups[judged_by], places[place]))
    return stand


def refusal(api: ApiServer, case: Case, without: tuple[str, ...] = ()) -> str | None:
    """What is said against a case, once; None when the object was created (it is deleted again)."""
    asking = api.acting_as(" ".join([WHO, f"{case.group}:", *(f"-{name}," for name in without)]), MASTERS)
    try:
        made = _make(api, asking, case.object)
    except ApiError as error:
        return str(error)
    api.delete({**case.object, "metadata": made["metadata"]}, grace=0)
    return None


def _make(api: ApiServer, asking: ApiServer, wanted: Object) -> Object:
    """Creates it. Containers that are added to a running pod come as a change of one that was let in: there is no other way."""
    added = wanted["spec"].get("ephemeralContainers") if wanted["kind"] == "Pod" else None
    if not added:
        return asking.create(wanted)
    spec = {field: value for field, value in wanted["spec"].items() if field != "ephemeralContainers"}
    pod = api.acting_as(*EXEMPT).create({**wanted, "spec": spec})
    path = api.kind("v1", "Pod").path(pod["metadata"]["namespace"], pod["metadata"]["name"], "ephemeralcontainers")
    try:
        return asking.request("PATCH", path, None, {"spec": {"ephemeralContainers": added}}, MERGE)
    except ApiError:
        api.delete({**wanted, "metadata": pod["metadata"]}, grace=0)
        raise


def refusals(api: ApiServer, case: Case) -> list[str]:
    """All that the policies say. The API server tells of one refusal only, so that each is left out once it has been heard."""
    heard: list[str] = []
    without: tuple[str, ...] = ()
    while (said := refusal(api, case, without)) is not None:
        heard.append(said)
        name = policy_in(said)
        if name is None or (case.words is not None and case.words in said):
            break
        assert name not in without, said
        without = (*without, name)
    return heard


def policy_in(said: str) -> str | None:
    """Name of the policy that a refusal comes from; None where it is nobody's."""
    _, found, rest = said.partition("Policy ")
    return rest.partition(" ")[0] if found and "vpol.validate.kyverno.svc" in said else None


def _of_group(policy: Object, group: str) -> Object:
    """The policy under another name, for requests of one kind of user."""
    name = f"{policy['metadata']['name']}-example-{group}"
    spec = policy["spec"]
    asked = [
        ("of-group", f"request.userInfo.username.startsWith('{WHO} {group}:')"),
        ("not-left-out", f"!request.userInfo.username.contains('-{name},')"),
    ]
    return {
        **policy,
        "metadata": {**policy["metadata"], "name": name},
        "spec": {
            **spec,
            # what is there already is none of its business
            "evaluation": {"admission": {"enabled": True}, "background": {"enabled": False}},
            "matchConditions": [*spec["matchConditions"], *({"name": n, "expression": e} for n, e in asked)],
        },
    }


def _exception(policies: list[str], names: list[str]) -> Object:
    """Lets the examples pass by: what is in their namespaces, and what has one of these names and no namespace.

    By the objects and not by who asks, since what is there already is judged without anybody who asks.
    """
    inside = f"object.metadata.?namespace.orValue('').startsWith('{PLACE}')"
    alone = f"!has(object.metadata.namespace) && object.metadata.?name.orValue('') in {names}"
    return {
        "apiVersion": API_VERSION,
        "kind": EXCEPTION,
        "metadata": {"name": EXCEPTION_NAME, "namespace": NAMESPACE},
        "spec": {
            "policyRefs": [{"name": name, "kind": POLICY} for name in policies],
            "matchConditions": [{"name": "example", "expression": f"{inside} || ({alone})"}],
        },
    }


def _held(namespace: str, beside: tuple[Mapping[str, Any], ...]) -> Iterator[Object]:
    own = [one for one in beside if one["kind"] == "Namespace"]
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    yield from (_inside(namespace, one) for one in own or [made])
    yield from (_inside(namespace, one) for one in beside if one["kind"] != "Namespace")


def _inside(namespace: str, manifest: Mapping[str, Any]) -> Object:
    """An object in another namespace; a namespace that is asked for becomes one beside it."""
    metadata = dict(manifest["metadata"])
    if "namespace" in metadata:
        metadata["namespace"] = namespace
    elif manifest["kind"] == "Namespace":
        metadata["name"] = namespace
    return {**manifest, "metadata": metadata}
