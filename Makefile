PYTHON ?= python3
BIN := .venv/bin

.PHONY: verify test lint clean

verify: .venv/installed
	$(BIN)/rdml verify

test: .venv/installed
	$(BIN)/python -m pytest -n 2 -m "not slow"

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv
