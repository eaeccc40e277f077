# Every target first sets up what it needs, so each works as the first command in a fresh clone.
# What is downloaded is kept outside the tree, in uv's cache and in $(CACHE); the tree gets only .venv.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/todoapp
OWN_UV := $(CACHE)/uv/bin/uv
UV := $(or $(shell command -v uv 2>/dev/null),$(OWN_UV))
BIN := .venv/bin

# Every process that a test starts writes down what it ran; one that is killed cannot.
COVERED := $(BIN)/coverage erase && $(BIN)/coverage run -m pytest && $(BIN)/coverage combine --quiet && $(BIN)/coverage report

FILE ?= examples/todo.yaml
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test coverage lint bench

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/ready-to-run ## Run a whole TodoApp here (FILE=examples/todo.yaml ARGS="--port 8000")
	@$(BIN)/todoappctl run $(FILE) $(ARGS)

test: .venv/ready-to-develop ## Run every test on real components (ARGS="-k journey" for some of them)
	@$(BIN)/pytest $(ARGS)

coverage: .venv/ready-to-develop ## Run every test and measure how much of app/ and dapr/ they cover
	@$(COVERED)

lint: .venv/ready-to-develop ## Check format, style, types and who imports whom
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/ready-to-develop ## Measure a running TodoApp; figures on the screen and as JSON
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(ARGS)

# --inexact: what a developer has beyond this may stay.
.venv/ready-to-run: uv.lock pyproject.toml | $(UV)
	@echo "Setting up Python packages in .venv (downloaded once, then from uv's cache) ..."
	@$(UV) sync --frozen --quiet --inexact --no-dev
	@touch $@

.venv/ready-to-develop: uv.lock pyproject.toml | $(UV)
	@echo "Setting up Python packages, development tools and PostgreSQL in .venv (downloaded once, then from uv's cache) ..."
	@$(UV) sync --frozen --quiet
	@touch $@ .venv/ready-to-run

# Made beside its place and then moved there, so that an interrupted download leaves nothing half done.
$(OWN_UV):
	@echo "uv is not installed here: getting it from PyPI into $(CACHE)/uv (once) ..."
	@rm -rf $(CACHE)/uv.new && python3 -m venv $(CACHE)/uv.new
	@$(CACHE)/uv.new/bin/pip install --quiet --disable-pip-version-check uv
	@rm -rf $(CACHE)/uv && mv $(CACHE)/uv.new $(CACHE)/uv
