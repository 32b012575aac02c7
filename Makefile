# `make up` runs the product, `make test` its tests, `make help` lists all targets.
# Requires Python 3.11 or newer, make, and a Python package registry.

PYTHON ?= python3
# What runs the tests; CI puts coverage before it.
PYTEST = -m pytest

.PHONY: help up test test-sources lint wheel sbom requirements audit clean

up: .venv/ready  ## Start everything and print the address and the sign-in; Ctrl-C ends it.
	@.venv/bin/python manage.py up

test: .venv-test/ready  ## Run the tests; `make test ARGS="tests/flows -x"` runs some of them.
	@.venv-test/bin/python $(PYTEST) $(ARGS)

test-sources: .venv-test/ready  ## Run the tests of connectors before real systems, which they install for themselves.
	@.venv-test/bin/python $(PYTEST) tests/sources tests/drop_folder $(wildcard tests/*/test_conformance.py) -v -m "long or not long" \
	  --durations=5 $(ARGS)

lint: .venv-test/ready  ## Check style, format, types and layers, as CI does.
	@echo "Style (ruff check):" && .venv-test/bin/ruff check .
	@echo "Format (ruff format --check):" && .venv-test/bin/ruff format --check .
	@echo "Types (mypy):" && .venv-test/bin/mypy
	@echo "Layers (lint-imports):" && .venv-test/bin/lint-imports

wheel: sbom  ## Build the wheel, with templates and static files in it, and its bill of materials into dist/.
	@.venv-test/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

sbom: .venv-test/ready  ## Write the software bill of materials (CycloneDX) into dist/.
	@.venv-test/bin/python deploy/write_sbom.py dist

.venv/ready: requirements-local.txt
.venv-test/ready: requirements-test.txt

# Created again when the requirements have changed, so that no dropped package remains.
# `ready` is written last: an interrupted installation starts over.
.venv/ready .venv-test/ready:
	@command -v $(PYTHON) > /dev/null \
	  || { echo "No “$(PYTHON)” here: install Python 3.11 or newer, or name yours with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "ADS Platform needs Python 3.11 or newer; “$(PYTHON)” is $$($(PYTHON) -V 2>&1)." \
	       "Name a newer one with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null \
	  || { echo "“$(PYTHON)” has no venv module: on Debian and Ubuntu, install python3-venv."; exit 1; }
	@test -w . && { test ! -e $(@D) || test -w $(@D); } \
	  || { echo "$(CURDIR) cannot be written to, so $(@D) cannot be made there."; exit 1; }
	@echo "Making $(@D) and installing $< …"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< \
	  || { echo "The packages in $< could not be installed; pip says why above."; exit 1; }
	@touch $@

requirements:  ## Pin the newest versions that pyproject.toml allows.
	@test -x .venv-pin/bin/uv || { $(PYTHON) -m venv .venv-pin && .venv-pin/bin/python -m pip install --quiet uv; }
	@compile() { .venv-pin/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	    --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make requirements" pyproject.toml "$$@"; }; \
	  compile --extra s3 --output-file requirements.txt; \
	  compile --extra local --constraint requirements.txt --output-file requirements-local.txt; \
	  compile --extra test --extra lint --constraint requirements.txt --output-file requirements-test.txt

audit:  ## Look up known vulnerabilities of the pinned packages; needs the Internet.
	@test -x .venv-audit/bin/pip-audit \
	  || { $(PYTHON) -m venv .venv-audit && .venv-audit/bin/python -m pip install --quiet pip-audit; }
	@$(PYTHON) deploy/audit_packages.py .venv-audit/bin/pip-audit requirements.txt requirements-local.txt requirements-test.txt

clean:  ## Remove the virtual environments; the data under var/ stays.
	@rm -rf .venv .venv-test .venv-pin .venv-audit

help:  ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/make \1@\2/p' $(MAKEFILE_LIST) | while IFS=@ read -r target help; do \
	    printf '%-18s %s\n' "$$target" "$$help"; done
