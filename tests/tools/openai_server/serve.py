"""Runs llama.cpp's OpenAI-compatible server on the loopback until it is ended: `serve.py MODEL NAME PORT`.

For the virtual environment of `requirements.txt` beside it; see `tests/tools/openai_engine.py`.
"""

from __future__ import annotations

import signal
import sys

import xllamacpp  # pyright: ignore[reportMissingImports]  # in the other environment

#: The turns of Gemma's models, which the package's file leaves out (ai.google.dev/gemma/docs/core/prompt-structure).
CHAT_TEMPLATE = """{{ bos_token }}{% for message in messages %}\
<start_of_turn>{{ 'model' if message['role'] == 'assistant' else 'user' }}
{{ message['content'] }}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""


def main(model: str, name: str, port: int) -> None:
    """Answers 503 until the model is loaded."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {name}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.chat_template = CHAT_TEMPLATE
    parameters.n_ctx = 512
    parameters.n_parallel = 1
    # alone: several threads wait for each other in busy loops, which takes minutes where the cores have other work
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.ui = False
    parameters.warmup = False
    parameters.fit_params = False
    server = xllamacpp.Server(parameters)
    print(f"loaded, at {server.listening_address}", flush=True)
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
