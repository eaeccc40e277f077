"""What a run costs: wall and CPU time of each group of tests, and of what was built, printed at its end.

Every test is in exactly one group. With pytest-xdist each worker adds up its own tests and tells the process
that reports. CPU is that of the worker and of all its descendants, of those that still run and of those that
ended and were waited for. A PostgreSQL server detaches itself from the worker that starts it, so it is
`adopted`. What init had to reap, as children of a killed process, is missing.
"""

import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import psutil
import pytest

from testbed.control_plane.artifacts.cache import Build, builds_since

__all__ = ["GROUPS", "Cost", "Costs", "adopt", "group_of", "pytest_configure", "table"]

TESTS = Path("tests").resolve()
COLLECTING = "starting, collecting"
"""Of each process that runs tests, before its first one."""


@dataclass(frozen=True)
class Group:
    """The tests in `folder` whose module's name begins with `module` and that use one of `fixtures`."""

    name: str
    folder: str = ""
    module: str = ""
    fixtures: frozenset[str] = frozenset()

    def has(self, path: PurePath, fixtures: Iterable[str]) -> bool:
        return (
            path.is_relative_to(self.folder)
            and path.name.startswith(self.module)
            and (not self.fixtures or not self.fixtures.isdisjoint(fixtures))
        )


_GROUPS = (
    Group("unit", folder="unit"),
    Group("crashes", module="test_crashes"),
    Group("Argo CD", fixtures=frozenset({"argocd"})),
    Group("node", fixtures=frozenset({"node"})),
    Group("cluster", fixtures=frozenset({"cluster"})),
    Group("e2e", folder="e2e"),
    Group("Dapr", fixtures=frozenset({"dapr"})),
    Group("Kafka", fixtures=frozenset({"kafka"})),
    Group("million rows", fixtures=frozenset({"large_database_url"})),
    Group("OpenAPI", module="test_openapi"),
    Group("Pulumi, platform", fixtures=frozenset({"stacks"})),
    Group("Pulumi, platform", module="test_pulumi"),
    Group("Pulumi, platform", module="test_platform"),
    Group("contract", folder="contract"),
    Group("api", fixtures=frozenset({"api", "client", "deliveries"})),
    Group("database or process"),
)
"""The first one that has a test is its group; the last one has all that are left."""

GROUPS = tuple(dict.fromkeys(group.name for group in _GROUPS))


def group_of(path: PurePath, fixtures: Iterable[str]) -> str:
    """The group of a test in `path`, which starts below `tests`, that uses these fixtures and marks."""
    names = set(fixtures)
    return next(group.name for group in _GROUPS if group.has(path, names))


@dataclass(frozen=True)
class Cost:
    """Of some tests, as seconds; the wall time is that of all workers together."""

    tests: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.tests + other.tests, self.wall + other.wall, self.cpu + other.cpu)


@dataclass
class Costs:
    """The sums so far. `cpu` gives all seconds of CPU that this process has ever used."""

    cpu: Callable[[], float]
    groups: dict[str, Cost] = field(default_factory=dict)
    _running: str = COLLECTING
    _cpu_before: float = 0.0

    def add(self, group: str, cost: Cost) -> None:
        self.groups[group] = self.groups.get(group, Cost()) + cost

    @property
    def began(self) -> bool:
        """Whether a test was run in this process."""
        return self._running != COLLECTING

    def begin(self, group: str) -> None:
        """Tests of `group` follow: what was used until now is that of those before."""
        if group != self._running:
            self.settle()
            self._running = group

    def settle(self) -> None:
        """Count what the running group has used."""
        now = self.cpu()
        self.add(self._running, Cost(cpu=max(now - self._cpu_before, 0.0)))
        self._cpu_before = max(now, self._cpu_before)


def table(groups: Mapping[str, Cost], builds: Sequence[Build], wall: float) -> list[str]:
    """The lines that are printed: the groups, the builds, all of them together, and the run's wall time."""
    named = [(name, groups[name]) for name in (*GROUPS, COLLECTING) if name in groups]
    total = sum((cost for _, cost in named), Cost())
    built = sum(build.cpu_seconds for build in builds)
    lines = [f"{'group':<22}{'tests':>7}{'wall min':>10}{'CPU min':>10}"]
    lines += [_line(name, f"{cost.tests:,}", cost.wall, cost.cpu) for name, cost in named]
    lines += [_line(f"builds ({len(builds)})", "", sum(build.seconds for build in builds), built)]
    lines += [_line("all", f"{total.tests:,}", total.wall, total.cpu + built)]
    return [*lines, f"The run took {wall / 60:.1f} minutes."]


def _line(name: str, tests: str, wall: float, cpu: float) -> str:
    return f"{name:<22}{tests:>7}{wall / 60:>10.1f}{cpu / 60:>10.1f}"


_adopted: dict[psutil.Process, float] = {}
"""Processes that count although no descendants of ours, with the last that was seen of each."""


def adopt(pid: int) -> None:
    """Count a process that detached itself, with its descendants, until it ends."""
    with suppress(psutil.NoSuchProcess):
        _adopted[psutil.Process(pid)] = 0.0


def cpu_seconds() -> float:
    """What this process, its descendants and those that it adopted have used since each of them started."""
    own = os.times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for child in psutil.Process().children(recursive=True):
        seconds += _used(child)
    for process in _adopted:
        with suppress(psutil.NoSuchProcess):
            family = (process, *process.children(recursive=True))
            _adopted[process] = max(_adopted[process], sum(_used(member) for member in family))
    return seconds + sum(_adopted.values())


def _used(process: psutil.Process) -> float:
    """Of itself and of the children that it waited for; nothing if it has just ended."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


class CostReport:
    """Adds up in each process that runs tests, and prints in the one that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began, self._clock = time.time(), time.perf_counter()
        self._costs = Costs(self._cpu_of_tests)
        self._lost = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        fixtures = (*getattr(item, "fixturenames", ()), *(mark.name for mark in item.iter_markers()))
        group = group_of(item.path.relative_to(TESTS), fixtures)
        self._costs.begin(group)
        began = time.perf_counter()
        try:
            return (yield)
        finally:
            self._costs.add(group, Cost(tests=1, wall=time.perf_counter() - began))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        # What only shares tests out has the workers as children, and these count themselves.
        if self._costs.began:
            self._costs.settle()
        if hasattr(self._config, "workeroutput"):
            sums = {name: (cost.tests, cost.wall, cost.cpu) for name, cost in self._costs.groups.items()}
            self._config.workeroutput["costs"] = sums

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        sums = getattr(node, "workeroutput", {}).get("costs")
        self._lost += sums is None
        for name, (tests, wall, cpu) in (sums or {}).items():
            self._costs.add(name, Cost(tests, wall, cpu))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._costs.groups:
            return
        terminalreporter.section("what the tests cost")
        wall = time.perf_counter() - self._clock
        for line in table(self._costs.groups, builds_since(self._began), wall):
            terminalreporter.write_line(line)
        if self._lost:
            terminalreporter.write_line(f"{self._lost} workers ended without telling theirs.")

    def _cpu_of_tests(self) -> float:
        """Builds have a line of their own, so those that this process made are not its tests'."""
        own = (build for build in builds_since(self._began) if build.pid == os.getpid())
        return cpu_seconds() - sum(build.cpu_seconds for build in own)


def pytest_configure(config: pytest.Config) -> None:
    if not config.option.collectonly:
        config.pluginmanager.register(CostReport(config), "costs")
