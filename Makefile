# Everything that is done by hand goes through here. Works with GNU make 3.81 (macOS) and later.

PYTHON ?= python3
ENV ?= dev

PY := .venv/bin/python
SANDBOX := $(PY) -m sandbox

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint preview up destroy refresh sandbox-shell docs bench mutate-policies clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make the virtual environment, the engine and the stand-in providers (minutes once, then a second)
	@$(PYTHON) -m sandbox.setup

demo: setup ## Bring dev up from nothing in the sandbox and say what came up, where, why and for how much
	@$(SANDBOX) demo

test: setup ## Run every test that needs nothing but set-up, but the slow ones
	$(PY) -m pytest tests -m "not tools and not slow" -n 2 --dist loadfile

test-all: setup ## Run the other tests: those that need other real tools, and the slow ones
	$(PY) -m pytest tests -m "tools or slow" -n 2 --dist loadfile

lint: setup ## Check style and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pyright

preview: setup ## Show what would change in ENV (dev unless said otherwise), with the policies
	@$(SANDBOX) preview $(ENV)

up: setup ## Create or change ENV in the sandbox, with the policies
	@$(SANDBOX) up $(ENV)

destroy: setup ## Remove ENV from the sandbox
	@$(SANDBOX) destroy $(ENV)

refresh: setup ## Take over into the state what differs in the stand-ins' cloud
	@$(SANDBOX) refresh $(ENV)

sandbox-shell: setup ## Open a shell in which plain `pulumi` means the sandbox
	@$(SANDBOX) shell $(ENV)

docs: setup ## Write what is generated: the schema of the teams' files and the pages in docs/
	@$(PY) -m stacks.schema
	@$(PY) -m components.sizing.guide
	@$(PY) -m components.sizing table --write
	@$(PY) -m components.sizing predict --report
	@$(PY) -m stacks.google_page
	@$(PY) -m stacks.serving_page
	@$(PY) -m stacks.cost_page
	@$(PY) -m policy.page

bench: setup ## Measure previews, placement and imports: ratios in pairs, and times
	@$(PY) -m tests.bench

mutate-policies: setup ## Make every rule wrong on purpose, in both of its forms: its examples must notice (minutes)
	@$(PY) -m tests.policy.mutate

clean: ## Remove everything that set-up and the sandbox made
	rm -rf .venv .sandbox .pytest_cache .ruff_cache .hypothesis
