# Diehl & Cook (2015) in Brian2. `make` alone says what can be typed.

EXPERIMENT = experiments/n100.yaml
SEED =
RUN = results/$(basename $(notdir $(EXPERIMENT)))-seed$(or $(SEED),0)
JOBS =
SET =
SWEEP =
SEARCH =
RUNS =
INTO =
SIZES = 100 400 1600 6400
RULES =
SEEDS =
SCHEDULER =
FORMAT =
BENCHMARK_SIZES = 100 400 1600 6400
NETWORK =
PORT =
PEERS =
IMAGES = 10000
TESTS = 10000
PYTHON =

# RUN, EXPERIMENT and SWEEP may hold spaces; a value of SET with a space wants quotes of its own:
# make train SET="'excitatory.refractory_period=50 ms' cells=64"
run := .venv/bin/python -m diehl_cook
ready := .venv/complete
# What tests, pages, searches and clusters need as well; to train and evaluate takes none of it.
tools := .venv/complete-dev
jobs = $(if $(JOBS),--jobs $(JOBS))
seed = $(if $(SEED),--seed $(SEED))
format = $(if $(FORMAT),--format $(FORMAT))
set = $(if $(SET),--set $(SET))
# An experiment file may state another seed, and with it another folder.
into = $(if $(filter file,$(origin RUN)),,--run '$(RUN)')
scheduler = $(if $(SCHEDULER),--scheduler $(SCHEDULER))
pytest = .venv/bin/python -m pytest --numprocesses $(or $(JOBS),auto) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup train evaluate figures report demo compare sweep search reproduce check readme test test-all test-brian2 lint benchmark peers clean

help: ## this list
	@echo "make TARGET [EXPERIMENT=experiments/n400.yaml] [SEED=3] [RUN=results/my-run] [JOBS=2]"
	@echo "            [SET=training.images=1000] [PYTHON=python3.12]"
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(ready) ## the environment alone: .venv with the pinned requirements
	@echo "setup: .venv is ready; next: make train"

train: $(ready) ## train EXPERIMENT with SEED into RUN, or go on where RUN was stopped
	$(run) train '$(EXPERIMENT)' $(seed) $(into) $(set)

evaluate: $(ready) ## label the cells of RUN and measure its test accuracy, on JOBS cores, as SET says
	$(run) evaluate '$(RUN)' $(jobs) $(if $(filter train,$(MAKECMDGOALS)),,$(set))

figures: $(ready) ## draw the figures of RUN into RUN/figures, FORMAT=svg or pdf for vectors
	$(run) figures '$(RUN)' $(format)

report: $(ready) ## write RUN/report.html anew: one page to hand around
	$(run) report '$(RUN)'

demo: $(tools) ## a page on this machine: draw a digit, watch a network read it (or NETWORK=results/my-run), watch one learn
	$(run) demo $(if $(NETWORK),--network $(NETWORK)) $(if $(PORT),--port $(PORT))

compare: $(ready) ## set RUNS="results/a results/b" side by side in INTO=results/comparison: what differs, accuracy, curves
	$(run) compare $(RUNS) $(if $(INTO),--into '$(INTO)') $(format)

sweep: $(if $(SCHEDULER),$(tools),$(ready)) ## run what is missing of SWEEP=experiments/sweeps/triplet_n100.yaml
	$(run) sweep $(if $(SWEEP),'$(SWEEP)') $(jobs) $(scheduler)

search: $(tools) ## try points of SEARCH=experiments/searches/triplet_n1600.yaml that the scores so far propose
	$(run) search $(if $(SEARCH),'$(SEARCH)') $(jobs) $(scheduler)

reproduce: $(if $(SCHEDULER),$(tools),$(ready)) ## the paper's figures for SIZES="100 400", RULES="triplet power_law", SEEDS=2 (default: all)
	$(run) reproduce --sizes $(SIZES) $(if $(RULES),--rules $(RULES)) $(if $(SEEDS),--seeds $(SEEDS)) $(jobs) $(scheduler)

check: $(ready) ## tell whether RUN, of experiments/n100.yaml, is like the reference runs
	$(run) check '$(RUN)'

readme: $(ready) ## fill the tables of README.md and docs/results.md from the committed results
	.venv/bin/python docs/fill_readme.py

test: $(tools) ## run the tests
	$(pytest)

test-all: $(tools) ## run the tests, those that take minutes too
	$(pytest) -m ""

# A test that fails here is Brian2's affair if it fails with `--control` as well.
test-brian2: $(tools) ## run Brian2's own tests on our device, in double and in single precision; an hour or more
	.venv/bin/python tests/dense/brian2_suite.py --long
	.venv/bin/python tests/dense/brian2_suite.py --long --single

lint: $(tools) ## check style, format and type hints
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy

benchmark: $(ready) $(if $(PEERS),.venv-peers/complete) ## what a presentation costs on this machine; PEERS=1 times BindsNET too
	$(run) benchmark --sizes $(BENCHMARK_SIZES) $(if $(PEERS),--peer .venv-peers/bin/python)

peers: $(ready) .venv-peers/complete ## BindsNET's and Brian2's own example on the first IMAGES=10000 images, beside ours; some hours
	$(run) peers --images $(IMAGES) --tests $(TESTS)

clean: ## remove .venv, compiled programs and caches; never anything in results/
	rm -rf .venv .venv-peers .programs build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find diehl_cook tests -name __pycache__ -prune -exec rm -rf {} +

# Peers live apart: BindsNET brings a gigabyte of packages that the project has no use for, and
# Brian2's example needs progressbar2 and comes in Brian2's source package alone.
.venv-peers/complete: $(ready)
	rm -rf .venv-peers
	.venv/bin/python -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check \
	    bindsnet==0.3.4 brian2==2.9.0 'numpy<2.4' progressbar2==4.6.0
	.venv-peers/bin/python -m pip download --quiet --disable-pip-version-check --no-deps \
	    --no-binary brian2 --dest .venv-peers/source brian2==2.9.0
	tar -xzf .venv-peers/source/brian2-2.9.0.tar.gz -O \
	    brian2-2.9.0/examples/frompapers/Diehl_Cook_2015.py > .venv-peers/example.py
	@touch $@

# A Python counts only if it runs and can make an environment: some systems leave out venv, and
# version managers leave commands that only print an error. The last line of a setup writes the
# stamp, so an interrupted one starts afresh.
$(ready): requirements.txt pyproject.toml
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	    "$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	        2>/dev/null && found=$$python && break; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "setup: no Python 3.11 to 3.14 with venv$(if $(PYTHON), at $(PYTHON)); install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; \
	    exit 2; \
	fi; \
	if ! echo '#include <vector>' | $(CXX) -x c++ -fsyntax-only - 2>/dev/null; then \
	    echo "setup: no working C++ compiler at $(CXX); install g++ or clang, or name one: make setup CXX=clang++" >&2; \
	    exit 2; \
	fi; \
	set -e; \
	echo "setup: .venv with $$("$$found" --version), a minute or two"; \
	rm -rf .venv; \
	"$$found" -m venv .venv; \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt; \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(tools): $(ready) requirements-dev.txt
	@echo "setup: what tests, pages and searches need besides, a minute"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@
