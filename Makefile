PYTHON ?= python3
BIN := .venv/bin

.PHONY: verify test test-slow lint clean

verify: .venv/installed
	$(BIN)/rdml verify --out out

test: .venv/installed
	$(BIN)/python -m pytest -n 2 -m "not slow" $(TEST_FLAGS)

test-slow: .venv/installed
	$(BIN)/python -m pytest -n 2 -m slow

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
