# Two commands matter: `make run` and `make test`. They need Python 3.11 or 3.12, git and make, and bring the rest.
BIN := .venv/bin
BENCH_PINS = cat requirements*.txt constraints.txt | cksum

.PHONY: help setup run test lint bench reliability clean
.DEFAULT_GOAL := help
# Compiled once, a process starts in a quarter of the time; some machines are set to compile each time anew.
unexport PYTHONDONTWRITEBYTECODE

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## fill .venv and build the PDF fonts (run and test do it by themselves)
	@tools/setup

run: setup  ## start everything on http://127.0.0.1:8000, or on PORT; Ctrl-C stops it
	@exec $(BIN)/python -m tools.run

test: lint  ## all checks, then all tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: setup  ## style, types, templates and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/lint-imports --no-logo

bench: setup  ## measure what benchmarks/ claims, in an environment with what they compare with
	@$(BENCH_PINS) | cmp -s - .venv-bench/stamp || { $(BIN)/python -m venv --clear .venv-bench && \
		.venv-bench/bin/pip install -qq --disable-pip-version-check --no-compile -r requirements-bench.txt && \
		$(BENCH_PINS) >.venv-bench/stamp; }
	.venv-bench/bin/python -m benchmarks

reliability: setup  ## cause each fault of a store, and write docs/reliability.md anew
	WRITE_RELIABILITY=1 $(BIN)/python -m pytest tests/test_storage_faults.py -q

clean:  ## remove .venv and caches; the data in var/ stays
	rm -rf .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
