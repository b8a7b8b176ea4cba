"""The longest answer of a deployment, so that every answer is there before its request is given up.

A model may answer until its context is full, which takes hours on a busy small GPU. The engine is told a limit of tokens
(`--override-generation-config`, which caps what requests ask for: `get_max_tokens` in vLLM 0.24.0 to 0.33.0
`entrypoints/serve/utils/api_utils.py`, read 2026-11-25), so that the longest generation is known.
"""

from __future__ import annotations

from components.sizing.demand import Demand
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.speed import LONGEST_GENERATION_SECONDS, first_token_seconds, worst_rate

#: Limits that nobody stated are multiples of this.
STEP_TOKENS = 256


def max_answer_tokens(demand: Demand, config: EngineConfig, load: Load) -> int:
    """Most tokens of one answer: what the team states, else what is there within LONGEST_GENERATION_SECONDS at worst.

    Never below a typical answer, which must not be cut off, and never above the context.
    """
    if demand.max_answer_tokens is not None:
        return demand.max_answer_tokens
    seconds = LONGEST_GENERATION_SECONDS - first_token_seconds(config, load, config.max_model_len).worst
    tokens = int(seconds * worst_rate(demand, config, load)) // STEP_TOKENS * STEP_TOKENS
    return min(max(tokens, demand.typical_answer_tokens), config.max_model_len)
