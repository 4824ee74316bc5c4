# The two commands: `make run` and `make test`. Everything else is in `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.requirements-installed
STACK := $(BIN)/python -m shop.devstack

# The tests start the shop's programs some two hundred times: compiled once.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test torture lint bench format shell clean checks

help: ## Show this list
	@echo "usage: make COMMAND, the commands being"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST)

run: $(STAMP) ## Run the whole shop (PORT=8000 SIMULATOR_PORT=8001 SHOP_DATA=.data)
	@exec $(STACK) run --with-parent

test: $(STAMP) ## Check and test everything, on servers of its own
	@exec $(STACK) throwaway -- $(MAKE) --no-print-directory checks

torture: $(STAMP) ## Run the tests that take long, on servers of their own
	@exec $(STACK) throwaway -- $(MAKE) --no-print-directory checks STEPS=torture

lint: $(STAMP) ## Check style, types and import rules
	@exec $(STACK) throwaway -- $(MAKE) --no-print-directory checks STEPS="style format types imports"

bench: $(STAMP) ## Measure the shop and what to measure it by (BENCH=quick)
	@exec $(BIN)/python -m bench $(or $(BENCH),full)

format: $(STAMP) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

shell: $(STAMP) ## Open a Python shell on the running shop
	@exec $(STACK) manage shell

clean: ## Remove .venv and caches; the shop's data in .data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- What `make test` consists of: one line per step, in this order ------------------

STEPS ?= style format types imports migrations openapi tests

step-style := $(BIN)/ruff check .
step-format := $(BIN)/ruff format --check .
step-types := $(BIN)/mypy .
step-imports := $(BIN)/lint-imports
step-migrations := $(BIN)/python manage.py makemigrations --check --dry-run
step-openapi := $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
step-tests := $(BIN)/pytest -n logical --dist loadgroup
step-torture := $(step-tests) $(wildcard */tests/long)

checks:
	@$(foreach step,$(STEPS),\
		echo "== $(step): $(step-$(step))"; \
		$(step-$(step)) || { echo "make: the step '$(step)' failed" >&2; exit 1; };) \
		echo "all passed: $(STEPS)"

# --- The virtual environment, made anew only when the requirements change -------------

$(STAMP): requirements.txt requirements-dev.txt
	@# pip comes last: without it an earlier try was cut off.
	@$(if $(wildcard $(BIN)/pip),,$(make-venv))
	@echo "installing the pinned requirements into $(VENV)"
	@exec $(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@

define make-venv
command -v $(PYTHON) >/dev/null || \
	{ echo "no $(PYTHON) here: the shop needs Python 3.11 or newer (PYTHON=...)" >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "$$($(PYTHON) --version) is too old: the shop needs 3.11 or newer (PYTHON=...)" >&2; exit 1; }; \
echo "making $(VENV) with $$($(PYTHON) --version)"; \
$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
endef
