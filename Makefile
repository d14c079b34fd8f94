# One task file. `make demo` and `make test` need nothing but Python >= 3.11, a compiler and make.
SHELL := /bin/bash
BIN := .venv/bin
CODE := bot inference knowledge runbooks tests docs
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test unit check fmt lint type imports eval bench docs lock install install-dev browser

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: install  ## start everything on this machine and print the page's address
	@$(BIN)/opsbot demo

test: install-dev browser  ## install what tests need and run them all
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

unit: install-dev  ## the tests that need no model, network or browser
	@$(BIN)/python -m pytest tests/unit $(PYTEST_ARGS)

check: lint type imports  ## everything but the tests

fmt: install-dev  ## format the code
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

lint: install-dev  ## style, formatting, runbooks
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/opsbot runbook lint runbooks/builtin bot/demo/runbooks

type: install-dev  ## pyright, strict
	@$(BIN)/pyright

imports: install-dev  ## the packages know only whom they may know
	@$(BIN)/lint-imports

eval: install-dev  ## score the bot on a data folder: make eval DATA=path
	@test -n "$(DATA)" || { echo "say where the data is: make eval DATA=path" >&2; exit 2; }
	@$(BIN)/opsbot eval all --data $(DATA)

bench: install  ## measure speed on this machine
	@$(BIN)/opsbot bench raw
	@$(BIN)/opsbot bench answer

docs: install-dev  ## write the generated parts of the documents anew
	@$(BIN)/python docs/generate.py

lock: install-dev  ## resolve the dependencies anew and pin their hashes
	@requirements/lock.sh

install:
	@requirements/install.sh app

install-dev:
	@requirements/install.sh dev

browser:  # a Chromium for the page's tests; on Debian it is installed when we may
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  echo "installing chromium for the page's tests" && \
	  apt-get -qq update >/dev/null && apt-get -qq install -y chromium >/dev/null; } || \
	  echo "no chromium found: the page's tests will be skipped (Debian: apt-get install chromium)"
