# Two commands do everything on a bare machine: `make run` and `make test`. Python 3.11, 3.12 or 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ifeq ($(OS),Windows_NT)  # from Git's bash
SHELL := bash
BIN := $(VENV)/Scripts
endif

# Three test processes for two cores, as a test waits a third of its time for a process or a disk. NumPy computes on one
# core in each, or they would wait for each other; networks use all, which takes no more processor time. Bytecode is
# kept whatever the environment says: else each process that a test starts would compile everything.
WORKERS ?= 3
TESTS := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --durations=20
PYTEST := OMP_NUM_THREADS=1 $(TESTS) -n $(WORKERS) --dist loadfile --no-loadscope-reorder

QUICK := tests -m "not slow" $(addprefix --ignore=tests/,training browser wheel)

.PHONY: run test coverage test-slow browser-test wheel-test lint format types layers check screenshots animation tables sbom fuzz load train-gpu clean

run: $(VENV)/.run-ready
	$(BIN)/streamlit run Home.py --server.port 8501

test: $(VENV)/.dev-ready
	$(PYTEST) $(QUICK)

# The same with a report of what no test reaches; takes about twice as long.
coverage: $(VENV)/.dev-ready
	$(PYTEST) $(QUICK) --cov --cov-report=term:skip-covered

# Training and the Keras engine; then what holds for any input, with more examples than `make test` has, others each time.
test-slow: $(VENV)/.dev-ready
	$(PYTEST) -m slow
	HYPOTHESIS_PROFILE=long $(PYTEST) -m "hypothesis and not slow" tests/unit tests/contracts

# A camera, a server and a browser on one machine: a test that failed is tried up to twice more, and the report says so.
# One at a time: two take no less, as a server and a browser use both cores.
browser-test: $(VENV)/.dev-ready
	$(TESTS) tests/browser --reruns 2

# Builds the wheel, installs it into an empty environment and uses it from an empty folder; needs a package index.
wheel-test: $(VENV)/.dev-ready
	$(BIN)/python -m pytest tests/wheel

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev-ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev-ready
	$(BIN)/mypy

layers: $(VENV)/.dev-ready
	$(BIN)/lint-imports

# All there is, before a release.
check: lint types layers test test-slow wheel-test browser-test

screenshots: $(VENV)/.dev-ready
	$(BIN)/python docs/make_screenshots.py

# What the Start page shows, read anew: after the default model, the sample or the drawing changed.
animation: $(VENV)/.dev-ready
	PYTHONPATH=. $(BIN)/python docs/make_start.py

tables: $(VENV)/.dev-ready
	PYTHONPATH=. $(BIN)/python docs/make_tables.py

# Bill of materials of what is installed here, in CycloneDX: sbom.json.
sbom: $(VENV)/.dev-ready
	PYTHONPATH=. $(BIN)/python docs/make_sbom.py

# Hostile files through every door, and many visitors at once; docs/trust.md holds their figures.
fuzz: $(VENV)/.dev-ready
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz

load: $(VENV)/.dev-ready
	$(BIN)/python -m tests.load

# Everything on one GPU, in runs of 8.5 minutes; needs Keras on JAX there, and no TensorFlow. Goes on where it was stopped.
train-gpu:
	test -n "$(DATA)" || { echo "name the data: make train-gpu DATA=fer2013.zip" >&2; exit 1; }
	for model in custom_cnn vgg16 hybrid resnet50v2 distilled face_resnet; do \
		run=runs/gpu/$$model; \
		test ! -f $$run/model.keras || continue; \
		resume=; test ! -f $$run/settings.json || resume=--resume; \
		KERAS_BACKEND=jax $(PYTHON) -m fer_core train --data $(DATA) --settings docs/recipes/gpu/$$model.json \
			--run-dir $$run --workers 12 $$resume $(TRAIN_OPTIONS) || exit 1; \
	done

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

# The stamps make a second call quick: nothing is installed again until a requirements file changes.
$(VENV)/.run-ready: requirements.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	touch $@

$(VENV)/.dev-ready: requirements-dev.txt requirements.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-compile -r requirements-dev.txt
	touch $@ $(VENV)/.run-ready

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); } || \
		{ echo "Python cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
