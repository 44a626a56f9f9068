# Every target does its own set-up: a clean clone needs make and Python 3.11 or newer.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

BIN := .venv/bin
DURATION ?= 60
MODE ?= mock
ARGS ?=
JOBS ?= 2

# Tests start hundreds of processes: what the first of them compiled serves the others, and nothing is written
# beside the sources.
PYTEST := env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=$(CURDIR)/.venv/bytecode $(BIN)/pytest -q

.PHONY: help setup setup-dev demo up down status test chaos chaos-short bench conformance smoke compose-smoke env docs check fmt clean

help:
	@echo 'make demo DURATION=60   trade on two simulated exchanges, then report'
	@echo 'make up MODE=mock       the same until `make down` (mock, paper or live); `make status`'
	@echo 'make test               the tests            make check   format, lint, types, layers'
	@echo 'make chaos, make bench  faults, speed        make fmt     format'
	@echo 'make chaos-short        long tests of a whole stack, one short scenario of every kind of fault: ten minutes'
	@echo 'make conformance        public clients (ccxt and others) against the simulated exchanges'
	@echo 'make docs               the pages of docs/ that are made from the sources'
	@echo 'make env                .env for docker-compose.yml: passwords of your own'
	@echo 'make smoke, make compose-smoke   the image and the compose file, on a Docker engine'
	@echo 'make setup, make clean  .venv: make it, remove it and caches (data in .arb stays)'
	@echo 'ARGS="..." is passed on, as in: make test ARGS="-k ledger"; JOBS=0: in one process'

setup:
	@.ci/setup

setup-dev:
	@.ci/setup dev

demo: setup
	@exec $(BIN)/arb demo --duration $(DURATION) $(ARGS)

up: setup
	@exec $(BIN)/arb up --mode $(MODE) $(ARGS)

down status: setup
	@exec $(BIN)/arb $@ $(ARGS)

test: setup-dev
	@exec $(PYTEST) -n $(JOBS) --dist loadfile --no-loadscope-reorder -m 'not chaos and not smoke' --ignore=tests/bench $(ARGS)

chaos-short: setup-dev
	@exec .ci/chaos

chaos: setup-dev
	@exec $(PYTEST) -m chaos tests $(ARGS)

bench: setup-dev
	@exec $(PYTEST) -s tests/bench $(ARGS)

conformance: setup
	@exec .ci/conformance $(ARGS)

smoke: setup-dev
	@exec $(PYTEST) -m smoke tests/smoke $(ARGS)

compose-smoke:
	@exec .ci/compose-smoke

env:
	@exec .ci/env

docs: setup-dev
	@$(BIN)/python -m typer arb.cli.main utils docs --name arb --output docs/commands.md
	@$(BIN)/python docs/make_settings.py
	@$(BIN)/python docs/make_json.py
	@$(BIN)/python docs/make_topics.py
	@$(BIN)/python -m arb.domain.health.alert_kinds >docs/alerts.md
	@$(BIN)/python -m arb.domain.trading.order_diagram >docs/order-states.md
	@$(BIN)/python -m arb.domain.risk.mode_diagram >docs/session-modes.md

check: setup-dev
	@twice=$$(ls migrations/versions | grep -o '^[0-9]*' | uniq -d); [ -z "$$twice" ] || { echo "migrations: two are $$twice"; exit 1; }
	@$(BIN)/ruff format --check --quiet . || { echo 'format: run `make fmt`'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >.venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@echo 'check: format, lint, types and layers are in order'

fmt: setup-dev
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

clean:
	@rm -rf .venv *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
