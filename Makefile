# One command each; every target sets up what it needs. Only Python >= 3.11, make and git are assumed.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: on Debian and Ubuntu install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(READY) ## Create the environment in .venv

demo: $(READY) ## Start hub and sandbox agencies, send sixty declarations, show what each family got
	$(BIN)/lienthong demo

run: $(READY) ## The same, and leave it running
	$(BIN)/lienthong demo --keep-running

test: $(READY) ## Run all tests, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest -q -n auto --dist loadfile

check: $(READY) ## Lint, types, layers, and every config, mapping and schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/lienthong check

bench: $(READY) ## Exchanges per second and CPU per exchange against the sum of the C-level parts
	$(BIN)/python -m bench
	$(BIN)/python -m bench.evidence
	$(BIN)/python -m bench.log

day: $(READY) ## Ten thousand dossiers of a simulated Monday: every end, every deadline (an hour)
	$(BIN)/python -m bench.day

fmt: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## Write the reference pages from the code
	$(BIN)/python -m lienthong.reference

lock: ## Pin the dependencies again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --group dev pyproject.toml -o requirements.lock

.PHONY: help setup demo run test check bench day fmt docs lock
