# Driftgate on one machine. `make demo` shows it, `make test` proves it; `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
export DRIFTGATE_HOME ?= $(CURDIR)/.driftgate
# Where it is set, each of hundreds of processes would compile this project anew: a quarter of a second each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up stop clean test check types lint contracts api compose infra lock env bench soak format torch

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | column -ts $$'\t'

demo: .venv/installed  ## Airflow, real data, first model, sixteen nights, a drift-triggered retraining
	@$(BIN)/driftgate demo

up: .venv/installed  ## Airflow and the endpoint, without the demo
	@$(BIN)/driftgate up

stop: .venv/installed  ## end Airflow and the endpoint
	@$(BIN)/driftgate stop

clean:  ## stop, and remove all state; the environment stays
	@if [ -x $(BIN)/driftgate ]; then $(BIN)/driftgate stop; fi
	rm -rf "$(DRIFTGATE_HOME)"

test: .venv/installed  ## all checks, then all tests
	@# Two at a time, on two cores: mypy knows nothing of torch, and takes as long as torch does to be installed.
	$(MAKE) --no-print-directory -j2 types .venv/torch
	$(MAKE) --no-print-directory -j2 lint contracts api compose infra
	$(BIN)/python -m pytest -q -n 2 --dist loadscope --no-loadscope-reorder -m "not soak and not e2e"
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m e2e tests/e2e

check: types lint contracts api compose infra  ## ruff, mypy --strict, import contracts, data contracts, API, compose file, templates of AWS

types: .venv/installed
	$(BIN)/mypy

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/driftgate licences

contracts: .venv/installed
	$(BIN)/driftgate contract lint
	$(BIN)/driftgate contract diff --against main
	$(BIN)/driftgate catalog lint
	$(BIN)/driftgate monitor register --check

api: .venv/installed
	$(BIN)/driftgate endpoint openapi --check --against main

compose: .venv/installed
	$(BIN)/python -m pytest -q tests/test_compose.py

infra: .venv/installed
	$(BIN)/cfn-lint infra/*.yaml

format: .venv/installed  ## let ruff format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

LOCK = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
TORCH = torch==2.13.0
# The CPU build for Linux and Python 3.11; on the index of the other packages Linux has only the one with CUDA.
TORCH_CPU = sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b

lock: .venv/installed  ## resolve requirements/*.in anew into hashed requirements/*.txt
	for name in runtime dev torch; do $(LOCK) requirements/$$name.in -o requirements/$$name.txt; done
	printf '%s ; sys_platform == "linux" \\\n    --hash=%s\n' "$(TORCH)" "$(TORCH_CPU)" >> requirements/torch.txt
	echo "$(TORCH) ; sys_platform == 'darwin'" | $(LOCK) --no-deps - >> requirements/torch.txt
	printf -- '-r requirements/torch.in\n$(TORCH)\n' | $(subst --universal,--python-platform x86_64-manylinux_2_28,$(LOCK)) - -o requirements/torch-gpu.txt

env: .venv/installed  ## write .env with fresh secrets for docker-compose.yaml; never overwrites one
	@$(BIN)/driftgate env

bench: .venv/installed  ## full benchmarks into benchmarks/RESULTS.md
	$(BIN)/python benchmarks/run.py

torch: .venv/torch  ## add torch to the environment, for use cases with `trainer: torch`

soak: .venv/torch  ## the long tests: a whole demo on a clean state, two hundred dataset versions by sixteen
	$(BIN)/python -m pytest -q -m soak

.venv/installed: requirements/runtime.txt requirements/dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Driftgate needs Python 3.11 or 3.12; install it, or run: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 13); sys.exit(0 if ok else f"Driftgate needs Python 3.11 or 3.12; {sys.executable} is {sys.version.split()[0]}. Run: make PYTHON=/path/to/python3.12")'
	@echo "Installing the environment into .venv (once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check uv==0.13.9
	@# Compiled once here: where PYTHONDONTWRITEBYTECODE is set, each start of Airflow would compile its imports anew (10 s).
	@$(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/runtime.txt -r requirements/dev.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# Plain pip: it takes the CPU build where pip is told of one, and without --no-deps torch brings gigabytes of CUDA.
.venv/torch: .venv/installed requirements/torch.txt
	@echo "Installing torch into .venv (once)"
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/torch.txt
	@touch $@
