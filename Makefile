# Everything runs in .venv, which is made from requirements.lock (hashes checked) on first use.
# Tools that pin their own botocore live apart from it, one environment each, under .tools.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# More processes than that only wait for each other's sub-processes.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 8 --dist worksteal
# Python compiles a module when it is first imported. To compile all of them here takes a third of the installation.
PIP_FLAGS := --quiet --disable-pip-version-check --no-compile --require-hashes

.PHONY: help demo test fuzz mutants lint bench build release lock clean

help:
	@echo "make demo     run the whole loop on an embedded AWS: real S3 calls in, invalidations out"
	@echo "make test     every test, the same way each time"
	@echo "make fuzz     the property tests with new random examples; what fails is kept in .hypothesis"
	@echo "make mutants  faults planted in the core, one by one: prints those that no test notices (minutes)"
	@echo "make lint     ruff, formatting, mypy --strict, import contracts, the map in service"
	@echo "make bench    the figures: ratios against a floor or a rival, measured in one run"
	@echo "make build    the wheel and the source archive, into dist/"
	@echo "make release  VERSION=0.2.0: changelog, version, archives and their checks, commit and tag"
	@echo "make lock     bring the lock files up to date (needs uv)"

demo: $(VENV)/.ready
	$(BIN)/purgemap demo

test: $(VENV)/.ready $(foreach tool,awscli awslambdaric cfn-lint check-jsonschema checkov ministack,.tools/$(tool)/.ready)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

fuzz: $(VENV)/.ready
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m hypothesis --hypothesis-profile=fuzz $(ARGS)

mutants: .tools/mutmut/.ready
	.tools/mutmut/bin/python tests/tools/mutants.py $(ARGS)

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/purgemap check config/routes.yaml

bench: $(VENV)/.ready
	cd tests && ../$(BIN)/python -m bench $(ARGS)

build: $(VENV)/.ready
	rm -rf build dist
	$(BIN)/python -m build --no-isolation --outdir dist .

release: $(VENV)/.ready .tools/release/.ready
	.tools/release/bin/python tests/tools/release.py "$(VERSION)"

lock:
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
		--extra demo --extra explore --group dev pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
		--no-annotate --constraint requirements.lock --group build pyproject.toml --output-file deploy/requirements.lock
	for tool in tests/tools/*.in; do \
		uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
			$$tool --output-file $${tool%.in}.lock; done

clean:
	rm -rf .venv .tools build dist

# pip reads hashes from the lock; the project itself goes in last, editable and without dependencies.
$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "purgemap needs Python 3.11 or newer: make PYTHON=python3.13 …")'
	@echo "creating the environment $(VENV): about 5 seconds, once"
	@$(PYTHON) -m venv $(VENV)
	@echo "installing the packages of requirements.lock: about 30 seconds, plus the download"
	@$(BIN)/python -m pip install $(PIP_FLAGS) --requirement requirements.lock
	@echo "installing purgemap itself: about 5 seconds"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.tools/%/.ready: tests/tools/%.lock
	@echo "installing $* into .tools/$*, an environment of its own: up to a minute, once"
	@$(PYTHON) -m venv .tools/$*
	@.tools/$*/bin/python -m pip install $(PIP_FLAGS) --requirement $<
	@touch $@

# Needs npm. Without it, the tests of the page's accessibility are skipped.
.tools/axe/.ready: tests/tools/axe/package-lock.json
	@echo "installing axe-core into .tools/axe: a few seconds, once"
	@mkdir -p .tools/axe
	@cp tests/tools/axe/package.json tests/tools/axe/package-lock.json .tools/axe/
	@cd .tools/axe && npm ci --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@
