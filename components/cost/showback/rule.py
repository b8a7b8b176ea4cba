"""The two numbers of the fairness rule, and where they are from. The environment's settings may choose others."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

#: Half of what is shared follows memory held, half follows work done (own choice: neither alone is fair. By memory alone a
#: mixture-of-experts model pays for experts that rest; by work alone whoever holds a GPU and asks nothing would pay nothing).
WORK_SHARE = Decimal("0.5")
#: What a token of an answer counts against one of a prompt. A hosted 26B-A4B costs USD 0.15 a million tokens in and 0.60 out,
#: which is 1 to 4 (Vertex AI MaaS google/gemma-4-26b-a4b-it-maas, as BerriAI/litellm PR 26955 quotes Google's price page, without
#: a date; read 2026-11). Other hosts of the same model ask for 1 to 3 (Venice, AWS Bedrock, W&B). It is a price, not a
#: measurement.
ANSWER_WEIGHT = Decimal(4)

WORK_SHARE_SOURCE = "own choice: half by memory held, half by work done"
ANSWER_WEIGHT_SOURCE = (
    "hosted prices of gemma-4-26b-a4b-it, USD 0.15 a million tokens in and 0.60 out (Vertex AI MaaS, quoted in BerriAI/litellm "
    "PR 26955, read 2026-11); other hosts ask for 1 to 3"
)


@dataclass(frozen=True, slots=True)
class FairnessRule:
    """`work_share` is s, `answer_weight` is k. The sources say where the numbers are from, as each report prints them."""

    work_share: Decimal = WORK_SHARE
    answer_weight: Decimal = ANSWER_WEIGHT
    work_share_source: str = WORK_SHARE_SOURCE
    answer_weight_source: str = ANSWER_WEIGHT_SOURCE

    def __post_init__(self) -> None:
        if not 0 <= self.work_share <= 1:
            raise ValueError(f"work_share is {self.work_share}; allowed: 0 to 1")
        if self.answer_weight <= 0:
            raise ValueError(f"answer_weight is {self.answer_weight}; it must be above 0")

    @property
    def lines(self) -> tuple[str, str]:
        """Both numbers with their sources."""
        return (
            f"s = {self.work_share} ({self.work_share_source})",
            f"k = {self.answer_weight} ({self.answer_weight_source})",
        )


def rule_of(work_share: Decimal, answer_weight: Decimal, settings_file: str) -> FairnessRule:
    """The rule with the numbers of an environment; what differs from the default is sourced to its file."""
    return FairnessRule(
        work_share,
        answer_weight,
        WORK_SHARE_SOURCE if work_share == WORK_SHARE else settings_file,
        ANSWER_WEIGHT_SOURCE if answer_weight == ANSWER_WEIGHT else settings_file,
    )
