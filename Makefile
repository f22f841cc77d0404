# Slider: `make demo` and `make test` need Python 3.11 or newer with pip, and nothing else.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
STATE := $(or $(SLIDER_STATE_DIR),.slider)
CODE := slider tasks tests .ci/lock.py .ci/sbom.py manage.py $(wildcard bench)
WORKERS ?= 2
ARGS ?=

.PHONY: help demo demo-reset test check lint format types floors templates deploy-check lock upgrade \
	audit sbom env-example venv bench bench-slider soak seeded-bugs screens contract

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.run-stamp ## Run all of Slider on this machine, with a small shop's messages to try it on
	@exec $(PYTHON) manage.py demo $(ARGS)

demo-reset: $(VENV)/.run-stamp ## Forget everything the demo has stored
	@$(PYTHON) manage.py demo --reset

test: $(VENV)/.dev-stamp ## Run all tests on a real PostgreSQL and Redis (ARGS='-k lanes' picks some)
	@./.ci/browser
	@$(PYTHON) -m pytest -n $(WORKERS) $(ARGS)

check: lint types floors templates deploy-check ## Run every check that needs no test
	@$(PYTHON) .ci/lock.py check
	@echo "All checks passed."

lint: $(VENV)/.dev-stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev-stamp
	$(BIN)/mypy $(CODE)

floors: $(VENV)/.dev-stamp
	PYTHONPATH=. $(BIN)/lint-imports

templates: $(VENV)/.dev-stamp
	$(BIN)/djlint templates --check
	$(BIN)/djlint templates --lint

# As a real site would be set up: a public host, a key of its own. Nothing is connected to.
deploy-check: export ALLOWED_HOSTS := slider.example.org
deploy-check: $(VENV)/.dev-stamp
	export SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))'); \
	$(PYTHON) manage.py check --deploy --fail-level WARNING; \
	$(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PYTHON) -c 'from slider.environment import example; print(example(), end="")' | diff .env.example - \
		|| { echo ".env.example is not current. Run \`make env-example\`."; exit 1; }

format: $(VENV)/.dev-stamp ## Put code and templates in their form
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .
	$(BIN)/djlint templates --reformat --quiet || true

lock: $(VENV)/.dev-stamp ## Make the lock files again after a change of requirements*.in
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PYTHON) .ci/lock.py make

upgrade: $(VENV)/.dev-stamp ## Make the lock files again with the newest releases
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PYTHON) .ci/lock.py upgrade

# Asks the index's list of known weaknesses, and so needs a network: it is no part of `make check`.
audit: $(VENV)/.dev-stamp ## Look both locks up in the list of known weaknesses (needs a network)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements.txt
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements-dev.txt

sbom: $(PYTHON) ## Write what Slider is made of, as CycloneDX, into sbom.json
	@$(PYTHON) .ci/sbom.py sbom.json

env-example: $(VENV)/.run-stamp ## Write .env.example from the settings
	$(PYTHON) -c 'from slider.environment import example; print(example(), end="")' > .env.example

venv: $(VENV)/.dev-stamp ## Install everything into .venv

$(PYTHON):
	@for name in python3 python3.14 python3.13 python3.12 python3.11; do \
		if command -v $$name >/dev/null \
			&& $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$($$name --version) ..."; \
			$$name -m venv $(VENV) && exit 0; \
			echo "$$name could not make a virtual environment: is its venv module installed" \
				"(Debian: apt install python3-venv)?" >&2; exit 1; \
		fi; \
	done; \
	echo "Slider needs Python 3.11 or newer; this machine's python3 is:" \
		"$$(python3 --version 2>&1 || echo missing). Install a newer one and try again." >&2; exit 1

$(VENV)/.run-stamp: requirements.txt | $(PYTHON)
	@echo "Installing what Slider runs on (the first time this takes a minute or two) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev-stamp: requirements-dev.txt $(VENV)/.run-stamp
	@echo "Installing what tests and checks need ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

bench-slider: $(VENV)/.dev-stamp ## Measure the slider beside other ways, into docs/benchmarks.md (half an hour; ARGS='--help')
	@$(PYTHON) -m bench.slider $(ARGS)

bench: $(VENV)/.dev-stamp ## Measure the fleet beside a bare loop on this machine (minutes; ARGS='--help')
	@$(PYTHON) -m bench.fleet $(ARGS)

soak: $(VENV)/.dev-stamp ## Break a whole installation for half an hour and check every promise (ARGS='--seed 2 --keep out/')
	@$(PYTHON) -m tests.faults.soak --seconds 1800 --aloud $(ARGS)

seeded-bugs: $(VENV)/.dev-stamp ## Plant each seeded bug and see the checker catch it within ten seeds (an hour)
	@$(PYTHON) -m tests.faults.bugs

contract: $(VENV)/.dev-stamp ## Ask the API twenty thousand seeded questions beside its own document (half an hour)
	@CONTRACT_CASES=24000 $(PYTHON) -m pytest -n 0 -s -q tests/api/test_contract.py $(ARGS)

screens: $(VENV)/.dev-stamp ## Take the README's pictures from a demo of its own
	@./.ci/browser
	@$(PYTHON) -m tests.screens $(ARGS)
