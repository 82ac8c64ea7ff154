# hoverslam from a clone. Needs Python 3.11, pip and make; everything else goes into .venv.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# python3.11, or python3 where that is Python 3.11; looked for only when .venv has to be made
is_py311 = import sys; sys.exit(sys.version_info[:2] != (3, 11))
PYTHON = $(firstword $(foreach p,python3.11 python3,$(shell $(p) -c '$(is_py311)' 2>/dev/null && echo $(p))))

.PHONY: demo test lint bench verify soak lock clean

demo: $(READY)  ## fly the reference campaign and report it; a finished store is not flown again
	$(BIN)/hoverslam run campaigns/hop_178m.yaml
	$(BIN)/hoverslam report results/hop_178m.zarr

test: $(READY)  ## the whole test suite
	$(BIN)/pytest

lint: $(READY)  ## style, format, types, and which module may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(READY)  ## speed of the kernel and of the pipeline; each script prints its table
	set -e; for script in tests/benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python -m tests.benchmarks.$$(basename $$script .py); done

verify: $(READY)  ## fly the verification cases; their table goes into README.md
	$(BIN)/hoverslam verify --readme README.md

soak: $(READY)  ## what takes half an hour: how often gate and rare-failure intervals err, on synthetic answers
	$(BIN)/python -m tests.benchmarks.gate_rates
	$(BIN)/python -m tests.benchmarks.rare_acceptance

lock: $(READY)  ## pin what pyproject.toml asks for, by hash; pins that still fit stay
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--no-header --no-annotate --output-file requirements.lock pyproject.toml

clean:  ## all that the other targets made, results included
	rm -rf $(VENV) build dist results *.egg-info .*_cache .cache .hypothesis

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "hoverslam needs Python 3.11: found no python3.11, and python3 is not 3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
