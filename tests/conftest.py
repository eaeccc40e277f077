"""What every test can ask for, and one rule: where CI says so, no test may be left out."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("testbed")

# A slow machine is not a defect, so examples have no deadline.
settings.register_profile(
    "slow_machine", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("slow_machine")

pytest_plugins = [
    "testbed.app.application",
    "testbed.argocd.command",
    "testbed.kubernetes.audit_log",
    "testbed.build",
    "testbed.control_plane.fixtures",
    "testbed.costs",
    "testbed.sidecar.daprd",
    "testbed.app.databases",
    "testbed.kubernetes.definitions",
    "testbed.app.deliveries",
    "testbed.file_checkers",
    "testbed.app.history",
    "testbed.kubernetes.installations",
    "testbed.kafka.broker",
    "testbed.kubernetes.objects",
    "testbed.kubernetes.other_operators",
    "testbed.kubernetes.tools",
    "testbed.node.fixtures",
    "testbed.node.installed",
    "testbed.kubernetes.operator_account",
    "testbed.kubernetes.operator_process",
    "testbed.app.outgoing",
    "testbed.app.mailbox",
    "testbed.measuring",
    "testbed.prometheus_tools",
    "testbed.pulumi.program",
    "testbed.pulumi.project",
    "testbed.sidecar.options",
    "testbed.app.stack",
    "testbed.tiers",
    "testbed.unfinished_tasks",
    "testbed.workers",
]

LEFT_OUT = ("skipped", "xfailed", "xpassed")
LOOPBACK = "127.0.0.1,localhost"


def pytest_configure() -> None:
    """Let an ended run stop its servers, as an interrupted one does, and reach them without a proxy."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), LOOPBACK]))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run that left a test out: its machine has to provide every part."""
    if _left_out(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := _left_out(config):
        terminalreporter.write_sep("!", f"CI=true and {left_out} tests were left out; none may be", red=True)


def _left_out(config: pytest.Config) -> int:
    if os.environ.get("CI") != "true":
        return 0
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker of `pytest -n`: the process that it reports to counts
        return 0
    assert isinstance(reporter, pytest.TerminalReporter)
    return sum(len(reporter.stats.get(outcome, ())) for outcome in LEFT_OUT)
