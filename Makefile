# The two commands: `make run` and `make test`. Everything else is in `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.requirements-installed
STACK := $(BIN)/python -m shop.devstack
SBOM ?= .data/sbom.cdx.json
# Programs that attack the shop; what they bring along is none of its own.
ATTACKERS := .attackers
ATTACKERS_STAMP := $(ATTACKERS)/.requirements-installed

# The tests start the shop's programs some two hundred times: compiled once.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test torture reliability lint bench format backup restore shell requirements licences sbom clean checks

help: ## Show this list
	@echo "usage: make COMMAND, the commands being"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST)

run: $(STAMP) ## Run the whole shop (PORT=8000 SIMULATOR_PORT=8001 SHOP_DATA=.data)
	@exec $(STACK) run --with-parent

test: $(STAMP) ## Check everything and run the tests, on servers of their own
	@exec $(STACK) throwaway -- $(MAKE) --no-print-directory checks

torture: $(STAMP) $(ATTACKERS_STAMP) ## Run the tests that take long, on servers of their own
	@$(BIN)/python -m torture forget
	@$(STACK) throwaway -- $(MAKE) --no-print-directory checks STEPS=torture
	@exec $(BIN)/python -m torture show

reliability: torture ## Run them and write docs/reliability.md of what they found
	@exec $(BIN)/python -m torture keep

lint: $(STAMP) ## Check style, security, types and import rules
	@exec $(STACK) throwaway -- $(MAKE) --no-print-directory checks STEPS="style format security types imports"

bench: $(STAMP) ## Measure the shop and what to measure it by (BENCH=quick)
	@exec $(BIN)/python -m bench $(or $(BENCH),full)

format: $(STAMP) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

backup: $(STAMP) ## Back the running shop up, pictures too, into SHOP_DATA/backups
	@exec $(STACK) backup

restore: $(STAMP) ## Restore BACKUP=FOLDER into SHOP_DATA (OVER=yes: what is there is put aside)
	@exec $(STACK) restore

shell: $(STAMP) ## Open a Python shell on the running shop
	@exec $(STACK) manage shell

requirements: $(STAMP) ## Pin what requirements*.in name, with hashes (UPGRADE=--upgrade)
	@for name in requirements requirements-dev \
			.ci/requirements-audit .ci/requirements-attackers; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
			--default-index https://pypi.org/simple --generate-hashes $(UPGRADE) \
			$$name.in --output-file $$name.txt || exit 1; \
	done

licences: $(STAMP) ## Write down the licences of all packages (docs/licences.md)
	@exec $(BIN)/python -m supply_chain licences

sbom: $(STAMP) ## Write the bill of materials of a server (SBOM=.data/sbom.cdx.json)
	@mkdir -p $(dir $(SBOM))
	@exec $(BIN)/python -m supply_chain bill > $(SBOM)

clean: ## Remove .venv, .attackers and caches; the shop's data in .data stays
	rm -rf $(VENV) $(ATTACKERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- What `make test` consists of: one line per step, in this order ------------------

STEPS ?= style format security types imports migrations openapi tests

step-style := $(BIN)/ruff check .
step-format := $(BIN)/ruff format --check .
step-security := $(BIN)/bandit --quiet --configfile pyproject.toml --recursive .
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

$(STAMP): requirements-dev.txt
	@# pip comes last: without it an earlier try was cut off.
	@$(if $(wildcard $(BIN)/pip),,$(make-venv))
	@echo "installing the pinned requirements into $(VENV)"
	@exec $(BIN)/python -m pip install --disable-pip-version-check \
		--require-hashes -r requirements-dev.txt
	@touch $@

$(ATTACKERS_STAMP): .ci/requirements-attackers.txt | $(STAMP)
	@echo "installing the programs that attack into $(ATTACKERS)"
	@rm -rf $(ATTACKERS)
	@$(BIN)/python -m venv $(ATTACKERS)
	@exec $(ATTACKERS)/bin/python -m pip install --disable-pip-version-check --quiet \
		--require-hashes -r .ci/requirements-attackers.txt
	@touch $@

define make-venv
command -v $(PYTHON) >/dev/null || \
	{ echo "no $(PYTHON) here: the shop needs Python 3.11 or newer (PYTHON=...)" >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "$$($(PYTHON) --version) is too old: the shop needs 3.11 or newer (PYTHON=...)" >&2; exit 1; }; \
echo "making $(VENV) with $$($(PYTHON) --version)"; \
$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
endef
