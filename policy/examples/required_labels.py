"""Examples of the rule required-labels: form, the team's truth, and the model's."""

from __future__ import annotations

from components.kubernetes.team_namespace import TEAM_LABEL
from components.labels import OWNER_KUBERNETES
from policy.examples.engine_objects import TEAM, Change, Content, beside, namespace, served
from policy.examples.labelled_objects import COST_CENTER, OWNER, bucket, claim, on_cloud_run, pod
from policy.rules.record import NO_RECORD, OTHER_RECORD
from policy.rules.required_labels import OTHER_MARK, OTHER_MODEL, OTHER_TEAM
from policy.rules.resource_types import NODE_POOL
from policy.rules.rule import UNKNOWN, Context, Example, Resource, TeamTruth

FILE = "stacks/dev/teams/search.yaml"
CONTEXT = Context(teams={TEAM: TeamTruth(OWNER, COST_CENTER, "1000", FILE)})
BESIDE = beside()
FORM = "lack, or hold with a value"


def _set(**labels: str | None) -> Change:
    """Sets labels of an object, `cost_center="cc-8"`; None takes one away."""

    def change(content: Content) -> None:
        place = content["metadata"]["labels"] if "metadata" in content else content["labels"]
        for name, value in labels.items():
            key = OWNER_KUBERNETES if name == "owner" and "metadata" in content else name.replace("_", "-")
            place.pop(key, None)
            if value is not None:
                place[key] = value

    return change


def _of_pods(**labels: str | None) -> Change:
    """The same of the labels that an InferenceService gives its pods."""

    def change(content: Content) -> None:
        _set(**labels)({"metadata": content["spec"]["predictor"]})

    return change


def _both(**labels: str | None) -> tuple[Change, Change]:
    return _set(**labels), _of_pods(**labels)


def _wrong_case(content: Content) -> None:
    labels = content["metadata"]["labels"]
    labels["Cost-Center"] = labels.pop("cost-center")


def _namespace(mark: str = TEAM, **labels: str | None) -> Resource:
    content = namespace()
    content["metadata"]["labels"][TEAM_LABEL] = mark
    _set(**labels)(content)
    return Resource.of_object(content)


def _nodes() -> Resource:
    labels = bucket().properties["labels"]
    return Resource(NODE_POOL, "pool", {"cluster": UNKNOWN, "nodeConfig": {"labels": labels}})


def _refused(
    shows: str, resource: Resource, denied: str, at_admission: str | None = None, *, admission: bool = True
) -> Example:
    return Example(shows, resource, denied, CONTEXT, admission, at_admission, BESIDE)


EXAMPLES: tuple[Example, ...] = (
    Example("a model as the platform declares it", served(), context=CONTEXT, beside=BESIDE),
    Example("a pod that controllers make of it", pod(), context=CONTEXT, beside=BESIDE),
    Example("a claim of storage", claim(), context=CONTEXT, beside=BESIDE),
    Example("the namespace of a team", _namespace(), context=CONTEXT, beside=BESIDE),
    Example("a bucket of a team", bucket(), context=CONTEXT, admission=False),
    Example("what no team owns", bucket(_set(team="platform", owner="ml")), context=CONTEXT, admission=False),
    Example("labels whose team nobody can look up", bucket(_set(owner="someone")), admission=False),
    _refused("a label is missing", served(*_both(cost_center=None)), "lack 'cost-center'", FORM),
    _refused("the key has capitals", served(_wrong_case), "lack 'cost-center' (found 'Cost-Center')", FORM),
    _refused("a value has a capital", served(_set(cost_center="CC-7")), "value 'CC-7'", FORM),
    _refused("a value ends with a hyphen", claim(_set(owner="search-")), "value 'search-'", FORM),
    _refused("its pods have no labels", served(lambda c: c["spec"]["predictor"].pop("labels")), "spec.predictor", FORM),
    _refused("another owner than the team's", served(*_both(owner="ads")), f"{FILE} says 'search'", OTHER_TEAM),
    _refused("a model billed elsewhere", served(_set(cost_center="cc-8")), "cost-center 'cc-8'", OTHER_TEAM),
    _refused("pods billed elsewhere", served(_of_pods(cost_center="cc-8")), "cost-center 'cc-8'", OTHER_TEAM),
    _refused("another team's name", served(*_both(team="ads")), "in the namespace of team 'search'", OTHER_TEAM),
    _refused(
        "a pod in a team's namespace says platform", pod(_set(team="platform")), "say team 'platform'", OTHER_TEAM
    ),
    _refused("storage billed elsewhere", claim(_set(cost_center="cc-8")), f"{FILE} says 'cc-7'", OTHER_TEAM),
    _refused("a pod without its team", pod(_set(team=None)), "lack 'team'", FORM),
    _refused("model labels of another model", served(*_both(total_params="25806m")), "'7941m'", OTHER_MODEL),
    Example(
        "labels that are right by themselves, beside a record of another model",
        served(),
        OTHER_MODEL,
        CONTEXT,
        beside=beside(lambda made: made["labels"].update({"total-params": "25806m"})),
    ),
    Example("no record", served(), NO_RECORD, CONTEXT, beside=(namespace(),)),
    Example(
        "the record of another deployment",
        served(),
        OTHER_RECORD,
        CONTEXT,
        beside=beside(lambda made: made.update(deployment="search/reader")),
    ),
    _refused("a namespace without who pays", _namespace(cost_center=None), "lack 'cost-center'", FORM),
    _refused("a namespace that is another team's too", _namespace(mark="ads"), OTHER_MARK),
    _refused("a team without a file", bucket(_set(team="serach")), "did you mean 'search'", admission=False),
    _refused("a service with the wrong size", on_cloud_run(_set(total_params="1m")), "'7941m'", admission=False),
    _refused("nodes that carry labels and are billed without", _nodes(), "nodeConfig.resourceLabels", admission=False),
    _refused("labels that nobody knows yet", bucket(lambda c: c.update(labels=UNKNOWN)), "not known", admission=False),
)
