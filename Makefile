.DEFAULT_GOAL := help
PYTHON ?= python3.11
BIN := .venv/bin
RUN_PORT ?= 8000

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.venv/runtime: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/development: .venv/runtime
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

run: .venv/runtime ## serve the sample collection on 127.0.0.1
	$(BIN)/souk import data/sample/suppliers.jsonl
	$(BIN)/souk import data/sample/requests.jsonl --kind requests
	$(BIN)/souk index
	$(BIN)/souk match "Wir suchen Bio-Arganöl, 500 Liter pro Monat, Ecocert, Lieferung nach Hamburg" --top 1
	$(BIN)/souk serve --port $(RUN_PORT)

test: .venv/development ## run every test, on a real browser and a real PostgreSQL too
	.ci/system-packages chromium postgresql libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-core
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: .venv/development ## ruff, mypy --strict, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## what CI runs

bench: .venv/development ## slow measurements, for docs/measurements.md
	$(BIN)/souk evaluate --markdown
	$(BIN)/souk evaluate rankers --markdown
	$(BIN)/souk evaluate ablation --markdown
	$(BIN)/souk evaluate exposure --markdown
	$(BIN)/souk evaluate needs --markdown
	$(BIN)/souk evaluate exclusions --markdown
	$(BIN)/souk evaluate duplicates --markdown
	$(BIN)/souk evaluate adversarial --markdown
	$(BIN)/souk evaluate faithfulness --markdown
	$(BIN)/souk evaluate learning --markdown
	$(BIN)/souk evaluate fine-tuning --markdown
	$(BIN)/souk evaluate gate --markdown
	$(BIN)/souk evaluate rollback
	$(BIN)/python -m benchmarks.meetings
	$(BIN)/python -m benchmarks.meeting_days
	$(BIN)/python -m benchmarks.retrain
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/draws.py
	$(BIN)/python -m benchmarks.markets
	$(BIN)/python -m benchmarks.large
	$(BIN)/python -m benchmarks.load
	$(BIN)/python benchmarks/promotion.py
	$(BIN)/python benchmarks/conformance.py
	$(BIN)/python benchmarks/kill.py

clean: ## remove the environment and the runtime state
	rm -rf .venv var

.PHONY: help run test lint check bench clean
