# Every command of CryptoDT. `make run` and `make test` set everything up by themselves.
#   LITE=1    without the models          ARGS="..."   passed on to the command

PYTHON := $(shell [ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)
BIN := .venv/bin
PACKAGES := cryptodt market sentiment providers accounts
CODE := $(PACKAGES) deploy bench manage.py
export LITE

# .env counts for running only, and what the environment says already wins.
WITH_DOTENV := if [ -f .env ]; then said=$$(export -p); set -a; . ./.env; set +a; eval "$$said"; fi;

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup dev run demo test check format format-fix lint spell templates imports \
	migrations types bench lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what running needs
	@$(PYTHON) deploy/setup.py

dev:
	@$(PYTHON) deploy/setup.py --dev

run: setup ## Start everything in one process
	@$(WITH_DOTENV) exec $(BIN)/python manage.py up $(ARGS)

demo: setup ## The same against a simulated market
	@$(WITH_DOTENV) CRYPTODT_SIMULATED=1 exec $(BIN)/python manage.py up $(ARGS)

# A data directory of its own, so that two runs, or a run and a server, never meet.
test: dev ## Run the tests
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && \
	  CRYPTODT_DATA_DIR="$$data" $(BIN)/python -m pytest $(ARGS)

check: format lint spell templates imports migrations types ## Everything CI checks beside the tests

format: dev ## Check the format
	@$(BIN)/ruff format --check $(wildcard $(CODE))

format-fix: dev ## Apply the format and the safe fixes
	@$(BIN)/ruff check --fix --quiet $(wildcard $(CODE)) || true
	@$(BIN)/ruff format $(wildcard $(CODE))
	@$(BIN)/djlint --reformat --quiet templates || true

lint: dev ## Look for mistakes
	@$(BIN)/ruff check $(wildcard $(CODE))

spell: dev ## Check the spelling (American English)
	@git ls-files -z | xargs -0 $(BIN)/codespell

templates: dev ## Check format and mistakes in templates
	@$(BIN)/djlint --check templates
	@$(BIN)/djlint --lint --quiet templates

imports: dev ## Check who imports whom
	@$(BIN)/lint-imports

migrations: dev ## Check that no migration is missing
	@$(BIN)/python manage.py makemigrations --check --dry-run

types: dev ## Check the types
	@$(BIN)/mypy $(PACKAGES)

bench: dev ## Run the benchmarks; ONLY=reads runs one, ARGS reach it
	@$(BIN)/python -m pip install --quiet -r bench/requirements.txt -c constraints.txt
	@for script in $(or $(ONLY:%=bench/%.py),$(wildcard bench/*.py)); do \
	  echo "== $$script"; PYTHONPATH=. $(BIN)/python "$$script" $(ARGS) || exit 1; done

# PyTorch's build for PyPI names CUDA packages that the CPU build does without.
lock: dev ## Fix the versions that the requirements bring along
	@$(BIN)/python -m pip install --quiet uv==0.13.8
	@{ printf '%s\n' '# Every version that may be installed, for every platform; applied with -c.' \
	  '# Written by `make lock`: edit the requirements files, not this one.'; \
	grep -v '^--' requirements.txt | $(BIN)/uv pip compile --quiet --universal \
	  --python-version 3.11 --no-header --no-annotate --upgrade - requirements-dev.txt \
	  | grep -vE '^(nvidia-|cuda-|triton)'; } > constraints.new && mv constraints.new constraints.txt

clean: ## Remove what the set-up and the tools made (not var/)
	rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
