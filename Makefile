# Copyright (c) 2026, containerops.gitlab contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Opens the door only: finds a Python, makes build/nox and hands over to noxfile.py.

NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) $(NEW_ENOUGH) && command -v $(name))))
NOX := build/nox/bin/nox
PARTS := lint sanity unit integration versions galaxy docs

export PIP_CACHE_DIR ?= $(CURDIR)/build/cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export LC_ALL := C.UTF-8

.PHONY: help demo test slow bench matrix release changelog mutants links $(PARTS) format clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo         audit and clean a sample GitLab group, on this machine alone'
	@echo 'make test         everything that CI runs; ends with a table and "N passed, N failed, N skipped"'
	@echo
	@echo 'Single parts of make test:'
	@echo 'make lint         ruff, mypy, yamllint, ansible-lint, antsibull-docs, antsibull-changelog, REUSE'
	@echo 'make sanity       ansible-test sanity'
	@echo 'make unit         unit tests; PYTEST="-k name -x" adds options for pytest'
	@echo 'make integration  tests of tasks, roles and playbooks against the simulator; PYTEST= as above'
	@echo 'make galaxy       build, install and document the collection'
	@echo 'make versions     a part of the tests on the oldest ansible-core, Python and libraries'
	@echo 'make docs         the docs site, into build/docs/html; every link within it is checked'
	@echo
	@echo 'make slow         what make test leaves out: slow tests, all seeds, all examples of Hypothesis'
	@echo 'make bench        measure against other tools, for about an hour; BENCH="--small" takes minutes'
	@echo 'make matrix       run on every supported ansible-core, Python and library, for about an hour; MATRIX=2.20 names some'
	@echo 'make release      make the tarball of the next release in build/release, and check it'
	@echo 'make changelog    write the changelog of the version in galaxy.yml, and remove its fragments'
	@echo 'make links        ask the addresses of other sites that the docs link to; needs the network'
	@echo 'make mutants      break the pure modules line by line, for about a quarter of an hour; MUTANTS=_rules/versions names one of them'
	@echo 'make format       let ruff rewrite the code'
	@echo 'make clean        remove build/'
	@echo
	@echo 'Needs Python 3.11 or later (PYTHON=/path/to/python3 names one). Everything is written to build/.'

demo test slow release changelog links $(PARTS) format: $(NOX)
	@$(NOX) -s $@ -- $(PYTEST)

# A Python without ensurepip (Debian without python3-venv) makes the environment with the help of its own pip.
$(NOX): tests/requirements/nox.txt tests/requirements/constraints.txt
	@test -n '$(PYTHON)' && $(PYTHON) $(NEW_ENOUGH) || { \
		echo 'This needs Python 3.11 or later. Name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@rm -rf build/nox
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; \
	then $(PYTHON) -m venv build/nox && build/nox/bin/python -m pip install -qq -r $< -c tests/requirements/constraints.txt; \
	else $(PYTHON) -m venv --without-pip build/nox && \
		$(PYTHON) -m pip --python build/nox/bin/python install -qq pip -r $< -c tests/requirements/constraints.txt; \
	fi
	@touch $@

matrix: $(NOX)
	@$(NOX) -s $@ -- $(MATRIX)

bench: $(NOX)
	@$(NOX) -s $@ -- $(BENCH)

mutants: $(NOX)
	@$(NOX) -s $@ -- $(MUTANTS)

clean:
	rm -rf build .nox
