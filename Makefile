# Rebuttal. `make setup` needs only make and Python 3.11 or newer; everything else builds on it.

SHELL := /bin/sh
PYTHON ?=
RUNS ?= 20
N ?= 40
SEED ?= 1
PORTAL ?= coupang
UPGRADE ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: setup demo test test-all check truth bench lock torture torture-fast mutants mutants-live clean

setup: $(VENV)/.stamp
	@$(BIN)/python -m agent.browser.provide

demo: setup
	@$(BIN)/rebuttal demo

test: check
	$(BIN)/python -m pytest

test-all: check
	$(BIN)/python -m pytest -m "long or not long"

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict agent portals flows fixtures tests
	$(BIN)/lint-imports

truth: setup
	TRUTH_SEEDS=20 TRUTH_CASES=30 $(BIN)/python -m pytest -m truth

bench: setup
	$(BIN)/python -m tests.bench

torture: setup
	$(BIN)/python -m tests.torture --portal $(PORTAL) --runs $(RUNS) --seed $(SEED)

torture-fast: setup
	$(BIN)/python -m tests.torture --fast --runs $(RUNS) --seed $(SEED)

mutants: setup
	$(BIN)/python -m tests.mutants --portal $(PORTAL) --n $(N) --seed $(SEED)

mutants-live: setup
	$(BIN)/python -m tests.mutants --live --n $(N) --seed $(SEED)

# Pins everything anew for Linux, macOS and Windows; `make lock UPGRADE=--upgrade` takes newer versions.
lock: $(BIN)/python
	@test -x $(VENV)/lock/bin/uv || { $(BIN)/python -m venv $(VENV)/lock && \
		$(VENV)/lock/bin/python -m pip --disable-pip-version-check --quiet install uv; }
	$(VENV)/lock/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" $(UPGRADE) \
		--extra dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find agent portals flows fixtures tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the packages of requirements.lock into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The newest known Python, and one that can make an environment before one that cannot: Debian and Ubuntu keep that part
# in a package of its own, which is added when no password is needed for it. `make setup PYTHON=...` chooses another.
$(BIN)/python:
	@set -eu; \
	works() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }; \
	makes() { "$$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }; \
	python=; \
	for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
		works "$$name" || continue; \
		test -n "$$python" || python=$$name; \
		if makes "$$name"; then python=$$name; break; fi; \
	done; \
	if test -z "$$python"; then \
		echo "Rebuttal needs Python 3.11 or newer, and none was found: install it, or run: make setup PYTHON=/path/to/python" >&2; \
		exit 1; \
	fi; \
	if ! makes "$$python"; then \
		root=no; \
		if test "$$(id -u)" = 0; then root=; elif sudo -n true >/dev/null 2>&1; then root="sudo -n"; fi; \
		package=python$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv; \
		if test "$$root" != no && command -v apt-get >/dev/null 2>&1; then \
			echo "$$python cannot make environments: installing $$package ..."; \
			$$root apt-get -q update >/dev/null || true; \
			$$root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$$package" >/dev/null \
			|| $$root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends python3-venv >/dev/null \
			|| true; \
		fi; \
		if ! makes "$$python"; then \
			echo "$$python cannot make environments: run 'sudo apt-get install $$package' (or your system's like), then make setup again." >&2; \
			exit 1; \
		fi; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv $(VENV)
