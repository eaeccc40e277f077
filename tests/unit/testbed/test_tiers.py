"""What `make test-fast` runs, as pytest collects it."""

import os
import subprocess
import sys

import pytest

DAPR, DATABASE, JOURNEY = "contract/dapr/test_jobs.py", "integration/test_jobs.py", "e2e/test_journey.py"
BUILT, SHARED = "contract/test_compose.py", "integration/test_kafka.py"


@pytest.fixture(scope="module")
def collected() -> str:
    """The tests of some modules that are fast."""
    modules = [f"tests/{name}" for name in (DAPR, DATABASE, JOURNEY, BUILT, SHARED)]
    options = ["--collect-only", "--quiet", "-m", "not system", "--database", "sqlite"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *modules],
        env=os.environ | {"PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("module", [DAPR, DATABASE])
def test_fast_tier_has_what_only_needs_the_repository(collected: str, module: str) -> None:
    assert module in collected


@pytest.mark.parametrize("module", [JOURNEY, BUILT, SHARED])
def test_fast_tier_leaves_out_systems_and_built_programs(collected: str, module: str) -> None:
    assert module not in collected


def test_fast_tier_runs_on_one_database(collected: str) -> None:
    assert "[sqlite]" in collected
    assert "postgresql" not in collected
