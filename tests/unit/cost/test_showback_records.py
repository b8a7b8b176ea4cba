"""What a report reads of the published sizing records, and what sizing recommends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from components.cost.errors import CostError
from components.cost.showback.engine_series import EngineUse, missing_metrics
from components.cost.showback.recommendations import recommend
from components.cost.showback.records import Record, records_in
from components.cost.showback.usage import Tokens, Usage
from components.naming import Scope
from tests.unit.cost.trees import TODAY, Project

SCOPE = Scope("example-gemma-dev", "dev")
TOKENS = Tokens(Decimal(10), Decimal(0), Decimal(10))


def published(project: Project, name: str = "dev") -> dict[str, Any]:
    return {planned.key: planned.published for planned in project.plan(name).deployments}


def test_bytes_parameters_and_places_come_from_the_published_records(project: Project) -> None:
    found = records_in({"records": published(project, "prod")}, SCOPE)
    record = found["payments/assistant"]
    assert record.place == "team-payments"
    assert (record.team, record.name, record.gpu_count) == ("payments", "assistant", 2)
    # both GPUs of a replica hold weights
    assert record.resident_gib == Decimal(13_532_551_680) * 2 / 2**30
    assert record.active_parameters == 3_822_530_590


def test_a_record_of_an_older_version_counts_parameters_by_its_labels(project: Project) -> None:
    plain = published(project, "prod")
    del plain["payments/assistant"]["parameters"]
    assert (
        records_in({"records": plain}, SCOPE)["payments/assistant"].active_parameters == Decimal("25806e6") * 148 / 1000
    )


def test_a_record_on_cloud_run_lies_under_its_service(project: Project) -> None:
    plain = published(project)
    on_cloud_run = [key for key, record in plain.items() if record["runs_on"] == "cloud-run"]
    found = records_in({"records": plain}, SCOPE)
    assert on_cloud_run
    for key in on_cloud_run:
        assert found[key].place.startswith("gemma-dev-")


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({}, "hold no `records`"),
        ({"records": {"a/x": 1}}, "is no sizing record"),
        ({"records": {"a/x": {"runs_on": "gke"}}}, "lacks what a report needs"),
    ],
)
def test_outputs_without_records_are_refused(outputs: dict[str, Any], words: str) -> None:
    with pytest.raises(CostError, match=words):
        records_in(outputs, SCOPE)


def test_every_deployment_without_metrics_is_named(project: Project) -> None:
    records = records_in({"records": published(project, "prod")}, SCOPE)
    use = EngineUse(TOKENS, {}, {})
    missing_metrics(["payments/assistant"], records, {("team-payments", "assistant"): use})
    with pytest.raises(CostError, match=r"(?s)payments/assistant held GPUs.*support/helpdesk held GPUs"):
        missing_metrics(["support/helpdesk", "payments/assistant"], records, {})


def advice(project: Project, awake: int, **changes: Any) -> dict[str, Decimal]:
    """What is recommended for payments/assistant of dev, which held 700 hours, by kind."""
    plan = project.plan("dev")
    (planned,) = (each for each in plan.deployments if each.key == "payments/assistant")
    record = records_in({"records": published(project)}, SCOPE)["payments/assistant"]
    values = {name: getattr(record, name) for name in Record.__dataclass_fields__} | changes
    usage = Usage("payments/assistant", Decimal(1), Decimal(1), Decimal(700), Decimal(awake), TOKENS)
    use = EngineUse(TOKENS, {"p": Decimal(awake)}, {"p": Decimal(awake)})
    supply = plan.environment.settings.supply(TODAY)
    found = recommend(planned.record.demand, supply, plan.environment.catalogue, Record(**values), usage, use)
    assert [each.saves for each in found] == sorted((each.saves for each in found), reverse=True)
    return {each.kind: each.saves for each in found}


def test_a_deployment_that_mostly_waits_should_scale_to_zero(project: Project) -> None:
    found = advice(project, awake=100)
    # 600 hours of g2-standard-24 as Spot
    assert found["scale to zero"] == (Decimal("1.200136") * 600).quantize(Decimal("0.01"))
    assert "smaller machine" not in found


def test_a_machine_that_is_larger_than_sizing_would_take_is_named(project: Project) -> None:
    found = advice(project, awake=700, machine_type="g4-standard-48", usd_per_hour=Decimal("4.499930"))
    smaller = next(saves for kind, saves in found.items() if kind.startswith("smaller machine"))
    assert smaller > Decimal(2000)


def test_what_held_nothing_gets_no_advice(project: Project) -> None:
    plan = project.plan("dev")
    (planned,) = (each for each in plan.deployments if each.key == "payments/assistant")
    record = records_in({"records": published(project)}, SCOPE)["payments/assistant"]
    idle = Usage("payments/assistant", Decimal(1), Decimal(1), Decimal(0), None, None)
    supply = plan.environment.settings.supply(TODAY)
    assert recommend(planned.record.demand, supply, plan.environment.catalogue, record, idle, None) == []
