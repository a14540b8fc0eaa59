# Everything a person does here: make run, dashboard, test, test-core, validate, bench.

PYTHON ?= python3
# Small matrices: several BLAS threads on a shared machine cost far more than they save.
export OPENBLAS_NUM_THREADS ?= 1

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup run dashboard test test-core lint validate bench clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "sociophysics needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 setup"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[dev,dashboard,cluster,communities,cascades,excel]'
	@touch $(READY)

run: $(READY)
	$(BIN)/sociophysics run scenarios/feed_designs.toml

# On 127.0.0.1:8765; another port: make dashboard PORT=8800
dashboard: $(READY)
	$(BIN)/sociophysics dashboard $(if $(PORT),--port $(PORT))

# The cluster's tests have a process of their own: clients of killed schedulers leave threads and
# sockets behind, which would disturb whatever is tested after them.
SHORT := -m "not validate and not bench"
CLUSTER := tests/test_cluster.py

test: lint
	$(BIN)/python -m pytest $(SHORT) --ignore $(CLUSTER)
	$(BIN)/python -m pytest $(SHORT) $(CLUSTER)

# Everything that needs no browser.
test-core: lint
	$(BIN)/python -m pytest $(SHORT) --ignore $(CLUSTER) --ignore tests/dashboard --ignore dashboards
	$(BIN)/python -m pytest $(SHORT) $(CLUSTER)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

validate: $(READY)
	$(BIN)/python -m pytest -m validate --validation-page docs/validation.md

# make bench BENCH=--quick tries it out in minutes; BENCH=--resume goes on after a break.
bench: $(READY)
	-$(BIN)/python -m benchmarks.install
	$(BIN)/python -m benchmarks $(BENCH)

clean:
	rm -rf $(VENV) .venv-peers
