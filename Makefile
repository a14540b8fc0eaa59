# Everything a person does here: make run, dashboard, test, test-core, validate, bench, numbers, verdicts, docs.

PYTHON ?= python3
# Small matrices: several BLAS threads on a shared machine cost far more than they save.
export OPENBLAS_NUM_THREADS ?= 1

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup run dashboard test test-core test-pythons test-python test-lowest lint validate \
	bench numbers verdicts docs clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "sociophysics needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 setup"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[dev,dashboard,cluster,communities,cascades,excel,sensitivity,sql]'
	@touch $(READY)

run: $(READY)
	$(BIN)/sociophysics run scenarios/feed_designs.toml

# On 127.0.0.1:8765; another port: make dashboard PORT=8800
dashboard: $(READY)
	$(BIN)/sociophysics dashboard $(if $(PORT),--port $(PORT))

# The cluster's tests have a process of their own: clients of killed schedulers leave threads and
# sockets behind, which would disturb whatever is tested after them; and when Python finds such a socket
# at its end, that is no failure.
# A test that never ends says where it hangs, and fails.
SHORT := -m "not validate and not bench" \
	-o faulthandler_timeout=600 -o faulthandler_exit_on_timeout=true
CLUSTER := tests/test_cluster.py
LEFT := -W ignore::pytest.PytestUnraisableExceptionWarning

test: lint
	$(BIN)/python -m pytest $(SHORT) --ignore $(CLUSTER)
	$(BIN)/python -m pytest $(SHORT) $(LEFT) $(CLUSTER)

# Everything that needs no browser.
test-core: lint
	$(BIN)/python -m pytest $(SHORT) --ignore $(CLUSTER) --ignore tests/dashboard --ignore dashboards
	$(BIN)/python -m pytest $(SHORT) $(LEFT) $(CLUSTER)

# A smoke run, the laws of the engine, the feeds, what is read and written; core packages only.
LAWS := tests/test_engine_law.py tests/test_feed_law.py tests/test_feeds.py tests/test_feeds_shown.py \
	tests/test_feed_refresh.py tests/test_rejection_free.py \
	tests/test_rejection_free_mutants.py README.md
FILES := tests/test_scenario.py tests/test_networks.py tests/test_generated_networks.py tests/test_polarization.py tests/test_report.py
SMOKE = $(1)/bin/sociophysics run scenarios/feed_designs.toml --replicas 2 --out $(1)/smoke
CHECK = rm -rf $(1)/smoke && $(call SMOKE,$(1)) >$(1)/smoke.log 2>&1 || { cat $(1)/smoke.log; exit 1; }; \
	$(1)/bin/python -m pytest $(SHORT) -p no:cacheprovider

# Every other Python >= 3.11 of this machine, with the newest versions that constraints.txt allows.
test-pythons: $(READY)
	@$(BIN)/python .ci/pythons.py | while read -r version python; do \
		$(MAKE) --no-print-directory test-python VERSION=$$version OTHER="$$python" </dev/null || exit 1; \
	done

# make test-python VERSION=3.13 OTHER=/path/to/python3.13
test-python: .venv-$(VERSION)/.ready
	@$(call CHECK,.venv-$(VERSION)) $(LAWS)

.venv-$(VERSION)/.ready: pyproject.toml constraints.txt
	"$(OTHER)" -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

# The oldest versions that pyproject.toml allows, also of extras, with today's of what those need.
test-lowest: .venv-lowest/.ready
	@$(call CHECK,.venv-lowest) $(LAWS) $(FILES) tests/test_extras.py tests/test_queries.py

.venv-lowest/.ready: pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(@D) $(@D)/bin/uv pip install --quiet --resolution lowest-direct \
		--only-binary :all: --no-binary solara-assets -r pyproject.toml \
		$(addprefix --extra ,test communities cascades excel sensitivity sql cluster dashboard)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

validate: $(READY)
	$(BIN)/python -m pytest -m validate --validation-page docs/validation.md

# What became of the claims of the bundled scenarios, which the dashboard's first page shows: half an hour.
verdicts: $(READY)
	$(BIN)/python docs/site_verdicts.py

# The table that tests/test_seeded_numbers.py holds; git diff shows which numbers a change has moved.
numbers: $(READY)
	$(BIN)/python -m tests.seeded_numbers

# make bench BENCH=--quick tries it out in minutes; BENCH=--resume goes on after a break.
bench: $(READY)
	-$(BIN)/python -m benchmarks.install
	$(BIN)/python -m benchmarks $(BENCH)

# The site, in docs/_build/html; notebooks run when they or this are new, and a warning is an error.
docs: $(VENV)/.docs
	$(BIN)/sphinx-build -b html -q -W --keep-going docs docs/_build/html
	@echo docs/_build/html/index.html

$(VENV)/.docs: $(READY) pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) .venv-* docs/_build
