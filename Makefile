PYTHON ?= python3
BIN := .venv/bin

.PHONY: verify test test-slow lint docs dist clean

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

docs: .venv/docs-installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

.venv/docs-installed: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,docs]"
	touch $@

dist:
	rm -rf dist
	$(PYTHON) -m venv dist/build && dist/build/bin/python -m pip install --quiet build
	dist/build/bin/python -m build --outdir dist .
	mkdir dist/empty && tar xf dist/*.tar.gz --strip-components 1 -C dist/empty
	cd dist/empty && rm -r convergence proofs simulations rdml && $(PYTHON) -m venv .venv
	cd dist/empty && .venv/bin/python -m pip install --quiet --constraint constraints.txt "$$(ls ../*.whl)[test]"
	cd dist/empty && .venv/bin/pytest -n 2 -m "not slow" $(TEST_FLAGS)

clean:
	rm -rf .venv
