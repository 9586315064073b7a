# Everything a person does with this project. `make` alone lists it.

VENV ?= .venv
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CLIENTS := tests/clients/node_modules
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Given on the command line or in the environment, these reach the programs: make demo PORT=9000
ifdef PORT
export PORT
endif
ifdef DATABASE_URL
export DATABASE_URL
endif

.DEFAULT_GOAL := help
.PHONY: help demo tour test test-clients test-fuzz test-faults test-stripe check schema migration bench lock

help: ## List what there is.
	@echo "make <target>   with PORT=8000, DATABASE_URL=postgresql://… (else a private server), VENV=.venv"
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## Load a world to see and serve it at http://localhost:8000.
	$(BIN)/marketplace demo

tour: $(INSTALLED) ## Play the whole story over HTTP, starting the demo if none answers.
	$(BIN)/marketplace tour

test: $(INSTALLED) ## Run the test suite, on two processes.
	$(BIN)/python -m pytest -n 2 -m "not faults and not clients" $(ARGS)

test-clients: $(INSTALLED) $(CLIENTS)/.installed ## Try the API with the clients that apps are built with; needs Node 20 or newer.
	$(BIN)/python -m pytest -n 0 -m clients tests/clients --timeout 300 $(ARGS)

test-faults: $(INSTALLED) ## Run the long drills: kill -9 of everything, under load.
	$(BIN)/python -m pytest -n 0 -s -m faults --timeout 3600 $(ARGS)

test-fuzz: $(INSTALLED) ## Ask 20,000 operations by chance, as everybody.
	$(BIN)/python -m pytest -n 0 -s -m faults tests/app/test_fuzz.py --timeout 3600 $(ARGS)

test-stripe: $(INSTALLED) ## Run the payment tests against Stripe itself, with a test key in STRIPE_TEST_KEY.
	@test -n "$$STRIPE_TEST_KEY" || { echo "STRIPE_TEST_KEY names no test key" >&2; exit 1; }
	$(BIN)/python -m pytest -n 0 tests/payments $(ARGS)

check: $(INSTALLED) ## Check format, lint, types, imports, and that schema and migrations have not drifted.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python --warnings
	$(BIN)/lint-imports
	$(BIN)/marketplace schema --check
	$(BIN)/marketplace migrations check

schema: $(INSTALLED) ## Print the GraphQL schema to schema.graphql.
	$(BIN)/marketplace schema

migration: $(INSTALLED) ## Write the migration that the changed models need: make migration NAME=add_sessions
	$(BIN)/marketplace migrations make $(NAME)

bench: $(INSTALLED) ## Measure, side by side.
	$(BIN)/python -m bench

lock: $(INSTALLED) ## Pin every dependency again, with hashes, in requirements.lock.
	$(PYTHON) -m venv var/uv
	var/uv/bin/python -m pip install --quiet uv
	var/uv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet --output-file requirements.lock

# The stamp says that what the lock names, and nothing else, is installed with the project.
$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with venv found; install one or say PYTHON=…" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# What package.json names exactly. No lock: it would name where packages come from.
$(CLIENTS)/.installed: tests/clients/package.json
	@command -v npm >/dev/null || { echo "Install Node 20 or newer, with npm: the clients need it." >&2; exit 1; }
	cd tests/clients && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@
