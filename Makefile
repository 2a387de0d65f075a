# `make demo` and `make test` set up all they need: a virtual environment, a Pulumi engine, and the rest.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
LOWEST_PYTHON ?= $(PYTHON)
# Python 3.12 has a way to measure coverage that costs little. Before, the tests without the engine take three quarters more CPU time.
COVERAGE := $(BIN)/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")'
# With the lowest versions of dependencies: what is fast, and the life of each resource in the engine on the newest server.
LOWEST_TESTS := tests/unit tests/contract tests/provider
# Two more than there are cores, because tests of the engine also wait.
WORKERS := $$(($$(getconf _NPROCESSORS_ONLN) + 2))
# Where it is set, each process of the tests compiles all modules anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup lock engine demo test test-fast coverage test-lowest test-versions soak bench lint types layers check tables pictures build compare clean

help: ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(VENV)/ready: pyproject.toml requirements-dev.lock scripts/setup
	@PYTHON="$(PYTHON)" scripts/setup

$(LOWEST)/ready: pyproject.toml tests/lowest.txt scripts/setup
	@PYTHON="$(LOWEST_PYTHON)" scripts/setup lowest

setup: $(VENV)/ready ## The virtual environment, with the package and all its tools

lock: ## Write requirements-dev.lock, from an environment with the newest dependencies
	@rm -rf $(VENV) && ZORG_DEPENDENCIES=newest scripts/setup
	{ echo "# The versions of all development dependencies, as constraints for scripts/setup. \`make lock\` writes this file."
	  $(BIN)/pip freeze --exclude-editable | grep -v '^pulumi.zorg' ; } >requirements-dev.lock

engine: ## A working Pulumi engine for this checkout: the one on PATH, else installed, else built from source
	@scripts/engine >/dev/null

demo: setup engine ## A tenant created, deactivated, changed outside Pulumi, corrected and removed, on the embedded emulator
	@PATH="$(CURDIR)/$(BIN):$$(scripts/engine 2>/dev/null):$$PATH" $(BIN)/python scripts/demo.py

test: setup engine ## All tests, with a real engine
	@echo "test: about 6 minutes on 2 cores; make test-fast takes about one minute"
	PATH="$(CURDIR)/$(BIN):$$(scripts/engine 2>/dev/null):$$PATH" $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations 20 $(ARGS)

test-lowest: $(LOWEST)/ready engine ## A part of the tests, with the lowest supported version of each dependency
	@echo "test-lowest: about 3 minutes on 2 cores"
	PATH="$(CURDIR)/$(LOWEST)/bin:$$(scripts/engine 2>/dev/null):$$PATH" $(LOWEST)/bin/python -m pytest -q -n auto --dist worksteal \
	  -k "not 2025-12 and not seeds" $(LOWEST_TESTS) $(ARGS)

test-versions: setup $(LOWEST)/ready engine ## One stack's life with the newest and the lowest dependencies in turn; LOWEST_PYTHON=python3.10 takes another Python too
	@PATH="$(CURDIR)/$(BIN):$$(scripts/engine 2>/dev/null):$$PATH" ZORG_OTHER_ENVIRONMENT="$(CURDIR)/$(LOWEST)" \
	  $(BIN)/python -m pytest -q -n 2 -rP tests/engine/life_across_versions.py $(ARGS)

test-fast: setup ## The tests that need no engine, on the newest server, without those that take seconds
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not engine and not slow" -k "not 2025-12 and not seeds" --ignore tests/engine $(ARGS)

coverage: setup ## Which lines of the package the tests reach that need no engine
	@COVERAGE_CORE=$$($(COVERAGE)) $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not engine" --ignore tests/engine --cov --cov-report term $(ARGS)

soak: setup engine ## Thousands of random sequences, and broken variants that they must find; half an hour
	@echo "soak: half an hour on one core"
	ZORG_EXAMPLES=$${ZORG_EXAMPLES:-2000} $(BIN)/python -m pytest -q -s tests/stateful/test_stateful.py tests/stateful/soak_mutants.py
	ZORG_EXAMPLES=200 $(BIN)/python -m pytest -q tests/unit/test_generated_programs.py
	export ZORG_KILLED_RESOURCES=100 ZORG_KILLS=10 PATH="$(CURDIR)/$(BIN):$$(scripts/engine 2>/dev/null):$$PATH"
	$(BIN)/python -m pytest -q tests/engine/test_killed.py -k without_checkpoints
	ZORG_EVERY_PROFILE=1 $(BIN)/python -m pytest -q -n auto -m "not engine" tests/provider

bench: setup engine ## Time, calls and memory for up to 1,000 resources, beside a provider that calls nothing, and `zorg access` and `zorg drift` for 100,000; an hour
	@$(BIN)/pip install -q --group bench
	PATH="$(CURDIR)/$(BIN):$$(scripts/engine 2>/dev/null):$$PATH" $(BIN)/python -m benchmarks $(ARGS)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.access --users 10000 100000
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.drift
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.startup
	PATH="$(CURDIR)/$(BIN):$$(scripts/engine 2>/dev/null):$$PATH" $(BIN)/python -m benchmarks.cascade

lint: setup ## ruff
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy strict, on the package, the examples and the public surface
	@$(BIN)/mypy

layers: setup ## Nothing imports upward, and nothing names a resource type but its package
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	$(BIN)/python scripts/type_names.py

check: lint types layers ## All checkers

tables: setup ## Write the tables in the documents that follow from the declarations of the resource types
	@$(BIN)/python scripts/tables.py
	$(BIN)/python scripts/calls.py

pictures: setup engine ## Draw the pictures in docs/pictures, from the engine, the emulator and the documents; one needs chromium
	@PATH="$(CURDIR)/$(BIN):$$(scripts/engine 2>/dev/null):$$PATH" $(BIN)/python scripts/pictures.py
	$(BIN)/python scripts/access_picture.py

build: setup ## The wheel, into dist/
	@$(BIN)/python -m build --no-isolation --wheel --outdir dist

clean: ## Forgets the environment and what tests left; not the engine, which takes minutes
	@rm -rf $(VENV) $(LOWEST) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .cache *.egg-info
