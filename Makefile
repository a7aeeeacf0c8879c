# Every target does its own set-up: the first one makes .venv from the locked requirements, without tools for
# development where it needs none.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# With what tests and checks need; it holds the rest as well.
DEV := $(VENV)/.ready-dev

.PHONY: bench-ingest browsers demo dist faults figures people templates kills label long up test check lint types package deploy destroy setup lock clean

# Photos of yours, labeled in the browser on this machine: make label IMAGES=~/photos LABELS="Raccoon,Dog"; without
# either, 20 drawn pictures to try it with.
label: $(READY)
	@$(BIN)/gt-service label $(if $(IMAGES),"$(patsubst ~/%,$(HOME)/%,$(IMAGES))") $(if $(LABELS),--labels "$(LABELS)") $(ARGS)

# The notebook's three-job experiment on the embedded local stack: no account, no key. QUICK=1 for a small run.
demo: $(READY)
	@$(BIN)/gt-service demo $(if $(QUICK),--quick) $(ARGS)

# The local stack alone, until Ctrl-C.
up: $(READY)
	@$(BIN)/gt-service up $(ARGS)

# Three at a time, each with a stack of its own; ARGS="-n 0" for one after the other. Stacks and browsers first: they
# take longest, and the many small tests fill what is left of the time.
test: $(DEV)
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

# Proofs that take minutes each.
long: $(DEV)
	$(BIN)/python -m pytest -m long --timeout 0 $(ARGS)

# Campaigns in bad weather, for as many schedules as you like: make faults SCHEDULES=1000
# CAMPAIGNS run side by side on the deployed template, where each takes a minute or so on two processors.
faults: $(DEV)
	FAULT_SCHEDULES=$(or $(SCHEDULES),300) FAULT_STEPS=60 FAULT_CAMPAIGNS=$(or $(CAMPAIGNS),8) FAULT_CHUNK_SEEDS=$(or $(CHUNKS),120) $(BIN)/python -m pytest tests/faults -m "long or not long" --timeout 0 --hypothesis-show-statistics $(ARGS)

# The local stack killed in the middle of writes, as often as you like: make kills KILLS=200
kills: $(DEV)
	KILLS=$(or $(KILLS),50) $(BIN)/python -m pytest tests/integration/stack/test_kept.py --timeout 0 $(ARGS)

# What docs/explanation/scale.md reports; each writes into benchmarks/results.
bench-ingest: $(DEV)
	$(BIN)/python benchmarks/ingest.py --out benchmarks/results/ingest.json $(ARGS)
	$(BIN)/python benchmarks/manifests.py --out benchmarks/results/manifests.json
	$(BIN)/python benchmarks/near_duplicates.py --out benchmarks/results/near_duplicates.json
	$(BIN)/python benchmarks/cold_start.py --out benchmarks/results/cold_start.json
	$(BIN)/python benchmarks/latency.py --out benchmarks/results/latency.json

# The figures of README and docs, from benchmarks/results.
figures: $(DEV)
	$(BIN)/python -m benchmarks.figures

# A folder labeled in real browsers from the command to its files, the machine beside, everything killed midway.
people: $(DEV)
	$(BIN)/python -m benchmarks.people --out benchmarks/results/people.json $(ARGS)

# The browser's tests in Firefox and WebKit, Safari's engine (Debian: firefox-esr, webkit2gtk-driver, xvfb); twenty
# minutes each. BROWSERS=firefox for one, ARGS="tests/browser/portal" for a part.
browsers: $(DEV)
	@for browser in $(or $(BROWSERS),firefox webkit); do \
		GT_BROWSER=$$browser $(BIN)/python -m pytest --timeout 900 $(or $(ARGS),tests/browser) || failed=1; \
	done; exit $${failed:-0}

# Public task templates in a real browser: make templates DIR=../amazon-sagemaker-ground-truth-task-uis [ARGS="--outside …"]
templates: $(DEV)
	$(BIN)/python -m tests.templates.corpus $(DIR) $(ARGS)

check: lint types

lint: $(DEV)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

# The Lambda zip and the template, checked. Needs Python 3.12 or later: make package PYTHON=python3.12 VENV=.venv-3.12
package: $(READY)
	@$(BIN)/gt-service package $(ARGS)

# Into your AWS account: make deploy STAGE=prod [REGION=us-west-2] [ARGS="--alarm-email you@example.org"]
STAGE ?= dev
OF_STAGE = --stage $(STAGE) $(if $(REGION),--region $(REGION))
deploy: $(READY)
	@$(BIN)/gt-service deploy $(OF_STAGE) $(ARGS)

destroy: $(READY)
	@$(BIN)/gt-service destroy $(OF_STAGE) $(ARGS)

setup: $(DEV)

$(READY): requirements/use.txt pyproject.toml $(wildcard $(DEV))
	$(if $(wildcard $(DEV)),,$(install))
	@touch $@

$(DEV): requirements-dev.txt pyproject.toml
	$(install)
	@touch $@ $(READY)

define install
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gt-service needs Python 3.11 or later; this is " + sys.version.split()[0])'
	@echo "Setting up $(VENV) from $<: a few minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef

# Lock again after editing a .in file (needs uv: pip install uv).
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements.in -c requirements-dev.txt -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements.in requirements/engine.in -c requirements-dev.txt -o requirements/engine.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements.in requirements/cli.in requirements/engine.in requirements/local.in requirements/tutorials.in -c requirements-dev.txt -o requirements/use.txt

# A wheel and a source archive, in dist/.
dist: $(DEV)
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf $(VENV) build .venv-* .mypy_cache .ruff_cache .pytest_cache
