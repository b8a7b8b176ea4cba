"""What the estimates must hold against public logs: weights, KV pools, verdicts, speed; and that the report says it as it is."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import pytest

from components.sizing import evidence_report as report
from components.sizing.catalogue import Deployment, load_catalogue
from components.sizing.memory import Fit
from components.sizing.predict import predict
from components.sizing.speed import DECODE_BAND, PREFILL_BAND

CATALOGUE = load_catalogue()
WEIGHTS = [row for row in report.weights_rows(CATALOGUE) if row.counts]
POOLS = [row for row in report.pool_rows(CATALOGUE) if row.counts]
VERDICTS = report.verdict_rows(CATALOGUE)


def test_weights_are_within_one_percent_in_the_median_and_three_at_worst() -> None:
    errors = sorted(abs(row.error) for row in WEIGHTS)
    assert len(errors) >= 15
    assert median(errors) < 0.01
    assert errors[-1] < 0.03


def test_pools_are_within_five_percent_in_the_median_and_never_0_7_gib_too_large() -> None:
    assert len(POOLS) >= 8
    assert median(abs(row.error_gib) / (row.case.kv_avail_gib or 1) for row in POOLS) < 0.05
    assert max(row.error_gib for row in POOLS) < 0.7
    assert sum(row.inside for row in POOLS) >= len(POOLS) - 1


def test_pools_hold_when_the_terms_are_fitted_without_the_models_own_rows() -> None:
    apart = [abs(row.left_out / (row.case.kv_avail_gib or 1) - 1) for row in POOLS]
    assert median(apart) < 0.05


def test_no_failure_is_called_fits_and_no_comfortable_run_does_not_fit() -> None:
    assert [row.case.id for row in VERDICTS if row.wrong] == []
    failed = [row for row in VERDICTS if row.case.outcome == "no-memory"]
    assert {row.case.id for row in failed} == {"12B-3090-u40", "31B-2x3090-awq195", "31B-3090x2-fp8-b"}
    assert sum(row.comfortable for row in VERDICTS) >= 15


def test_at_most_a_third_of_the_stated_rows_stay_tight_or_unknown() -> None:
    stated = [row for row in VERDICTS if row.stated]
    unsure = [row for row in stated if row.prediction.verdict in (Fit.TIGHT, Fit.UNKNOWN)]
    assert len(stated) >= 30
    assert 3 * len(unsure) <= len(stated)


def test_a_verdict_that_contradicts_its_outcome_would_be_seen() -> None:
    failed = next(row for row in VERDICTS if row.case.outcome == "no-memory")
    assert replace(failed, prediction=replace(failed.prediction, verdict=Fit.FITS)).wrong
    ran = next(row for row in VERDICTS if row.comfortable)
    assert replace(ran, prediction=replace(ran.prediction, verdict=Fit.DOES_NOT_FIT)).wrong


def test_printed_speeds_lie_within_the_bands() -> None:
    rows = report.speed_rows(CATALOGUE)
    assert len(rows) >= 20
    for row in rows:
        low, high = DECODE_BAND if row.what.startswith("decode") else PREFILL_BAND
        assert low <= row.ratio <= high, (row.case.id, row.what, row.ratio)


def test_a_pool_is_predicted_from_the_description_alone_never_from_what_was_logged() -> None:
    case = next(case for case in CATALOGUE.measured if case.id == "26B-L40S-fp8")
    described = Deployment.model_validate(case.model_dump())
    assert predict(described, CATALOGUE) == predict(case, CATALOGUE)
    assert not hasattr(described, "kv_avail_gib")


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({"gpu": "Radeon X"}, Fit.UNKNOWN, "the card 'Radeon X'"),
        ({"gpu": None}, Fit.UNKNOWN, "the card, which is not stated"),
        ({"kv_cache_dtype": "int8_per_token_head"}, Fit.UNKNOWN, "page size"),
        ({"gpu_memory_utilization": 0.995}, Fit.DOES_NOT_FIT, "free memory at boot"),
        ({"gpu_memory_utilization": 0.657}, Fit.TIGHT, "one request of 32768 tokens"),
        ({"gpu_memory_utilization": 0.5}, Fit.DOES_NOT_FIT, "one request of 32768 tokens"),
    ],
)
def test_what_is_missing_or_too_much_is_named(changes: dict, verdict: Fit, reason: str) -> None:
    case = next(case for case in CATALOGUE.measured if case.id == "26B-L40S-fp8")
    prediction = predict(case.model_copy(update=changes), CATALOGUE)
    assert prediction.verdict is verdict, prediction
    assert reason in prediction.reason
    assert prediction.weights_gib > 25  # never missing for want of a card


@pytest.mark.parametrize(
    ("version", "takes"),
    [
        ("vLLM 0.33.0", "0.33.0"),
        ("vLLM 0.27.2rc1.dev0+g7f7a32cfe (patched)", "0.27.1"),
        ("vLLM >=0.21", "0.21.0"),
        ("vllm-openai:gemma4 image (0.19 era)", "0.20.0"),
        ("vLLM 0.22", "0.22.1"),
        ("nightly", "0.24.0"),
        (None, "0.24.0"),
    ],
)
def test_a_release_without_rules_takes_the_newest_older_ones(version: str | None, takes: str) -> None:
    from components.sizing.name_matching import engine_of

    assert engine_of(version, CATALOGUE)[0].version == takes
