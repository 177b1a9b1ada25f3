# Every target does all the set-up it needs; what is set up already is skipped.
# A Python can be chosen: make PYTHON=/usr/bin/python3.13 test

.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python

# A copied or moved checkout, or a Python that has gone, leaves an environment that points elsewhere.
ifneq ($(shell cat $(VENV)/checkout 2>/dev/null && $(BIN)/python -c '' 2>/dev/null && echo works),$(CURDIR) works)
STALE := stale
endif

# The kernels are tested three times: compiled, as plain Python (so that coverage sees inside them and any
# wrong index raises), and compiled with bounds checks. SIMD kernels exist only when compiled.
PLAIN_TESTS := tests/kernels tests/sampling tests/objectives -m "not simd and not slow"

.PHONY: help demo test check faults soak fuzz bench bench-neighbours bench-quality bench-presets bench-phrases bench-objectives bench-composition bench-kernels bench-checkpoints bench-ingest bench-graphs clean stale

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

demo: $(VENV)/demo-installed  ## train on the King James Bible in under a minute and look at the neighbours
	@$(BIN)/coterie demo

test: $(VENV)/bench-installed check  ## everything: format, lint, types, import contract, tests, doctests, kernels without JIT
	$(BIN)/coverage erase
	$(BIN)/pytest --cov --cov-report=
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest $(PLAIN_TESTS) --cov --cov-append --cov-report=
	NUMBA_BOUNDSCHECK=1 $(BIN)/pytest $(PLAIN_TESTS)
	$(BIN)/pytest -m slow --cov --cov-append --cov-report=
	$(BIN)/coverage report --skip-covered

faults: $(VENV)/installed  ## kill trainings at KILLS random moments (60), and go on: all must end alike
	COTERIE_KILLS=$(or $(KILLS),60) $(BIN)/pytest -m slow tests/cli/test_cli_resume.py -s

fuzz: $(VENV)/installed  ## damaged and hostile files for every reader, for MINUTES (10); READER=checkpoint for some; findings in fuzz-findings
	PYTHONPATH=tests $(BIN)/python -m fuzzing --minutes $(or $(MINUTES),10) $(if $(READER),--reader "$(READER)")

soak: $(VENV)/installed  ## train for MINUTES (30) with everything switched on: the memory must stay flat
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),30) $(BENCH)

check: $(VENV)/installed  ## the fast part: format, lint, strict types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/bench-installed  ## speed, memory, quality beside gensim, word2vec.c, fastText; CORPUS=file EVAL=folder BENCH="--words 5000000" to choose
	$(BIN)/python -m benchmarks.peers $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(EVAL),--eval-dir "$(EVAL)") $(BENCH)

bench-quality: $(VENV)/bench-installed  ## speed, analogies and similarity of gensim, pair-wise and shared negatives, the deterministic mode; CORPUS= EVAL= BENCH= as above
	$(BIN)/python -m benchmarks.peers --sections speed,models --models 100:5 --peers gensim,coterie,coterie-deterministic,coterie-pair --words 1000000000 --docs docs/quality $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(EVAL),--eval-dir "$(EVAL)") $(BENCH)

bench-presets: $(VENV)/bench-installed  ## what the presets and single options cost and give; CORPUS= EVAL= BENCH= as above
	$(BIN)/python -m benchmarks.presets $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(EVAL),--eval-dir "$(EVAL)") $(BENCH)

bench-phrases: $(VENV)/bench-installed  ## phrase learning beside gensim; CORPUS=file BENCH="--words 5000000" to choose
	$(BIN)/python benchmarks/phrases.py $(if $(CORPUS),--corpus "$(CORPUS)") $(BENCH)

bench-objectives: $(VENV)/bench-installed  ## cost and quality of the four objectives; CORPUS= EVAL= BENCH= as above
	$(BIN)/python -m benchmarks.objectives $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(EVAL),--eval-dir "$(EVAL)") $(BENCH)

bench-neighbours: $(VENV)/bench-installed  ## neighbours: gensim, batches, the approximate index; CORPUS= BENCH= as above
	$(BIN)/python -m benchmarks.neighbours $(if $(CORPUS),--corpus "$(CORPUS)") $(BENCH)

bench-composition: $(VENV)/demo-installed  ## sums of word vectors, examples found by the program; CORPUS= BENCH= as above
	$(BIN)/python -m benchmarks.composition $(if $(CORPUS),--corpus "$(CORPUS)") $(BENCH)

bench-kernels: $(VENV)/bench-installed  ## the training kernels against the machine's roofline, about 10 minutes; BENCH= as above
	$(BIN)/python -m benchmarks.kernels $(BENCH)

bench-checkpoints: $(VENV)/bench-installed  ## a training with checkpoints and without; BENCH="--words 1000000" to choose
	$(BIN)/python -m benchmarks.checkpoints $(BENCH)

bench-ingest: $(VENV)/bench-installed  ## text, gzip, zstd and Parquet to an encoded corpus; CORPUS= BENCH= as above
	$(BIN)/python -m benchmarks.ingest $(if $(CORPUS),--corpus "$(CORPUS)") $(BENCH)

bench-graphs: $(VENV)/bench-installed  ## graphs and baskets beside gensim: labels, hidden edges, missing items; GRAPH=folder BENCH="--runs 1" to choose
	$(BIN)/python -m benchmarks.graphs $(if $(GRAPH),--graph "$(GRAPH)") $(BENCH)

clean:  ## remove the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage demo-model

$(VENV)/demo-installed: $(VENV)/python-ready pyproject.toml constraints.txt
	@echo "Installing Coterie into $(VENV): about half a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	@touch $@

$(VENV)/installed: $(VENV)/demo-installed
	@echo "Installing the developers' tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,demo]'
	@touch $@

# The peers that not every machine can install (word2vec compiles C; not every Python has a wheel of fastText):
# what fails leaves its log in $(VENV)/peers, tests of that peer are skipped, and the benchmark shows the log.
$(VENV)/bench-installed: $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@mkdir -p $(VENV)/peers
	@for peer in word2vec fasttext-numpy2-wheel; do \
	  if $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt $$peer >$(VENV)/peers/$$peer.log 2>&1; \
	  then rm $(VENV)/peers/$$peer.log; \
	  else echo "$$peer can't be installed here and is left out; see $(VENV)/peers/$$peer.log"; fi; \
	done
	@touch $@

$(VENV)/python-ready: $(STALE)
	@set -e; rm -rf $(VENV); \
	for python in $(or $(PYTHON),$(CANDIDATES)); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  if "$$python" -m venv $(VENV) >/dev/null 2>&1; then \
	    echo "Using $$($(BIN)/python -V) ($$(command -v "$$python"))"; \
	    echo "$(CURDIR)" > $(VENV)/checkout; touch $@; exit 0; \
	  fi; \
	  rm -rf $(VENV); without_venv="$$without_venv $$python"; \
	done; \
	if [ -n "$$without_venv" ]; then \
	  echo "error:$$without_venv cannot make a virtual environment; install its venv module (Debian, Ubuntu: apt-get install python3-venv)." >&2; \
	else \
	  echo "error: no Python 3.11 or newer found (tried: $(or $(PYTHON),$(CANDIDATES))); install one, or name it: make PYTHON=/path/to/python." >&2; \
	fi; exit 1

stale:
