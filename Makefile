# `make help` prints the targets below with what they do.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check lint types imports format bench lock clean

help: ## Print this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.installed ## Start the whole product on this machine (COPYDESK_PORT, ARGS="--no-sample")
	@exec $(BIN)/copydesk up --end-with-parent $(ARGS)

# Several processes load the tests, and each reads what another has compiled, on machines too that keep nothing compiled.
test: $(VENV)/.installed-dev ## Run every test against real parts; what had to be skipped is printed with its reason
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -rs $(ARGS)

test-fast: $(VENV)/.installed-dev ## The developer's two-minute run: no process is started, SQLite only
	$(BIN)/python -m pytest -m "not slow" $(ARGS)

check: $(VENV)/.installed-dev ## Exactly what CI runs: lint, types, import law, then every test with nothing skipped
	$(MAKE) lint types imports
	COPYDESK_REQUIRE=all $(MAKE) test

lint: $(VENV)/.installed-dev ## Look for mistakes and style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev ## Check the types
	$(BIN)/mypy

imports: $(VENV)/.installed-dev ## Hold the import law
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## Put the code into its format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev ## Run the benchmarks and write docs/benchmarks.md from their figures
	$(BIN)/python -m benchmarks $(ARGS)

lock: ## Pin every dependency again, with hashes (needs uv)
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --group build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --group build --group dev pyproject.toml -c requirements.txt -o requirements-dev.txt

clean: ## Remove the virtual environment (data in var/ stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# What is compiled once need not be compiled by each process: 25 MB less for all of them together.
$(VENV)/.installed: requirements.txt pyproject.toml
	@echo "Installing Copydesk into $(VENV) (once; about half a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q cms workers search_index
	@touch $@

# In two halves at once, which need nothing of each other while they are installed, and compiled when it is first used:
# most of what tests bring along is never loaded. The other Whoosh lies beside the installed one: the tests of
# search_index have to pass on both (ADR 3).
$(VENV)/.installed-dev: requirements-dev.txt requirements-whoosh-2.7.4.txt pyproject.toml
	@echo "Installing Copydesk and all that its tests need into $(VENV) (once; about half a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^[^ #]/ { half = 1 - half } { print > ("$(VENV)/half-" half + 0) }' requirements-dev.txt
	@$(PIP) install --no-compile --no-deps --require-hashes -r $(VENV)/half-0 & \
	$(PIP) install --no-compile --no-deps --require-hashes -r $(VENV)/half-1; status=$$?; wait $$! && exit $$status
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(PIP) install --require-hashes --no-deps --upgrade --target $(VENV)/whoosh-2.7.4 -r requirements-whoosh-2.7.4.txt
	@touch $@
