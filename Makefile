# Everything a person does here: make run, make test, make validate, make bench.

PYTHON ?= python3
# Small matrices: several BLAS threads on a shared machine cost far more than they save.
export OPENBLAS_NUM_THREADS ?= 1

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup run test test-core lint validate bench clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "sociophysics needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 setup"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[dev,communities,cascades]'
	@touch $(READY)

run: $(READY)
	$(BIN)/sociophysics run scenarios/feed_designs.toml

test: lint
	$(BIN)/python -m pytest -m "not validate and not bench"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

validate: $(READY)
	$(BIN)/python -m pytest -m validate --validation-page docs/validation.md

bench: $(READY)
	$(BIN)/python -m benchmarks.speed

clean:
	rm -rf $(VENV)
