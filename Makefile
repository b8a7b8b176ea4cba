# Everything that is done by hand goes through here. Works with GNU make 3.81 (macOS) and later.

PYTHON ?= python3
ENV ?= dev
# where the targets for CI write
OUTPUT ?= .sandbox/reports

PY := .venv/bin/python
# `real`: the API server that `make cluster` starts stands for the stack's cluster, else files do
CLUSTER ?=
SANDBOX := $(PY) -m sandbox $(if $(CLUSTER),--cluster "$(CLUSTER)")

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-cluster test-cluster-all lint preview preview-report up destroy refresh sandbox-shell cluster cluster-down cluster-shell docs bench bench-cluster mutate-policies policy-fixtures ci-preview ci-deploy ci-drift ci-pins release clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make the virtual environment, the engine and the stand-in providers (minutes once, then a second)
	@$(PYTHON) -m sandbox.setup

demo: setup ## Bring dev up from nothing in the sandbox and say what came up, where, why and for how much
	@$(SANDBOX) demo

test: setup ## Run every test that needs nothing but set-up, but the slow ones
	$(PY) -m pytest tests -m "not tools and not slow and not cluster" -n 2 --dist loadfile

test-all: setup ## Run the other tests: those that need other real tools, and the slow ones
	$(PY) -m pytest tests -m "(tools or slow) and not cluster" -n 2 --dist loadfile

test-cluster: setup ## Run the tests on a real Kubernetes control plane (its programs are built first: half an hour, once)
	@$(PY) -m sandbox cluster-programs
	$(PY) -m pytest tests/cluster -m "cluster and not slow" -n 2 --dist loadscope

test-cluster-all: setup ## Run all tests on a real control plane: also prod's removal, and updates that are interrupted
	@$(PY) -m sandbox cluster-programs
	$(PY) -m pytest tests/cluster -m cluster -n 2 --dist loadscope

lint: setup ## Check style and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pyright
	@# a second time: pyright never looks into hidden folders below its own
	$(PY) -m pyright -p .ci

preview: setup ## Show what would change in ENV (dev unless said otherwise), with the policies
	@$(SANDBOX) preview $(ENV)

preview-report: setup ## Report on a preview of ENV for a review: BASE=main compares with that branch, OUT=folder keeps it, DIGEST= is checked first
	@$(SANDBOX) report $(ENV) $(if $(BASE),--base "$(BASE)") $(if $(OUT),--output "$(OUT)") $(if $(DIGEST),--expect "$(DIGEST)")

up: setup ## Create or change ENV in the sandbox, with the policies; DIGEST= of a report refuses what has changed since
	@$(SANDBOX) up $(ENV) $(if $(DIGEST),--digest "$(DIGEST)")

destroy: setup ## Remove ENV from the sandbox
	@$(SANDBOX) destroy $(ENV)

refresh: setup ## Take over into the state what differs in the stand-ins' cloud
	@$(SANDBOX) refresh $(ENV)

sandbox-shell: setup ## Open a shell in which plain `pulumi` means the sandbox
	@$(SANDBOX) shell $(ENV)

cluster: setup ## Start a real Kubernetes control plane for ENV, built from source (half an hour once, then seconds)
	@$(SANDBOX) cluster $(ENV)

cluster-down: setup ## End that control plane and remove all that it held
	@$(SANDBOX) cluster-down $(ENV)

cluster-shell: setup ## Open a shell in which `kubectl` reaches that control plane
	@$(SANDBOX) cluster-shell $(ENV)

docs: setup ## Write what is generated: the schema of the teams' files and the pages in docs/
	@$(PY) -m stacks.schema
	@$(PY) -m components.sizing.guide
	@$(PY) -m components.sizing table --write
	@$(PY) -m components.sizing predict --report
	@$(PY) -m stacks.google_page
	@$(PY) -m stacks.serving_page
	@$(PY) -m stacks.cost_page
	@$(PY) -m stacks.decide_page
	@$(PY) -m components.schema_check --write
	@$(PY) -m stacks.components_page
	@$(PY) -m stacks.backstage
	@$(PY) -m stacks.code_owners
	@$(PY) -m policy.page

bench: setup ## Measure previews, placement and imports: ratios in pairs, and times
	@$(PY) -m tests.bench

bench-cluster: setup ## Measure 10 and 100 teams on a real control plane: time and memory (an hour on 2 cores)
	@$(PY) -m tests.bench.cluster_scale

mutate-policies: setup ## Make every rule wrong on purpose, in both of its forms: its examples must notice (minutes)
	@$(PY) -m tests.policy.mutate

ci-preview: setup ## The preview report of ENV as CI makes it: of PULUMI_BACKEND_URL, else of the sandbox against BASE; into OUTPUT
	@PYTHONPATH=.ci $(PY) -m pipeline preview --env "$(ENV)" --base "$(BASE)" --output "$(OUTPUT)"

ci-deploy: setup ## Update ENV as CI does it after a merge: only when the report is still the one of AGREED=<day>/<digest>
	@PYTHONPATH=.ci $(PY) -m pipeline deploy --env "$(ENV)" --base "$(BASE)" --output "$(OUTPUT)" --agreed "$$AGREED"

ci-drift: setup ## Look whether the cloud of ENV is as its state says, and write the finding into OUTPUT
	@PYTHONPATH=.ci $(PY) -m pipeline drift --env "$(ENV)" --output "$(OUTPUT)"

ci-pins: setup ## Write newer versions of what is pinned into the files, and what they are and do into OUTPUT
	@PYTHONPATH=.ci $(PY) -m pipeline pins --output "$(OUTPUT)"

policy-fixtures: setup ## Judge the good and bad examples of every policy
	$(PY) -m pytest tests/policy -m "not tools and not slow"

release: setup ## Make the release VERSION: changelog, commit and tag; pushes nothing (DRY_RUN=1 shows it, ANY_BRANCH=1 from elsewhere than main)
	@PYTHONPATH=.ci $(PY) -m release --version "$(VERSION)" $(if $(DRY_RUN),--dry-run) $(if $(ANY_BRANCH),--any-branch)

clean: ## Remove everything that set-up and the sandbox made
	rm -rf .venv .sandbox .pytest_cache .ruff_cache .hypothesis
