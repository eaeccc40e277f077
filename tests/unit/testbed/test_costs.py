from collections.abc import Iterator
from pathlib import PurePath

import pytest

from testbed.control_plane.artifacts.cache import Build
from testbed.costs import Cost, Costs, group_of, table


@pytest.mark.parametrize(
    ("path", "fixtures", "group"),
    [
        ("unit/operator/test_pubsub.py", ["kafka"], "unit"),
        ("contract/test_gitops.py", ["kustomize", "report"], "contract"),
        ("contract/test_platform_project.py", ["report"], "Pulumi, platform"),
        ("contract/test_documents.py", ["stacks"], "Pulumi, platform"),
        ("integration/test_tasks.py", ["client", "database_url"], "api"),
        ("integration/test_alarms.py", ["database_url"], "database or process"),
        ("integration/test_openapi.py", ["client", "database_url"], "OpenAPI"),
        ("integration/test_status_command.py", ["cluster", "kubectl"], "cluster"),
        ("integration/test_pulumi_on_cluster.py", ["cluster", "stacks"], "cluster"),
        ("integration/test_daprd.py", ["dapr", "kafka"], "Dapr"),
        ("integration/test_kafka.py", ["kafka"], "Kafka"),
        ("integration/test_query_plans.py", ["large_database_url"], "million rows"),
        ("e2e/test_journey.py", ["stack"], "e2e"),
        ("e2e/test_crashes.py", [], "crashes"),
        ("e2e/test_node_end.py", ["node"], "node"),
        ("e2e/test_git_in_charge.py", ["argocd", "cluster"], "Argo CD"),
    ],
)
def test_every_test_is_in_one_group(path: str, fixtures: list[str], group: str) -> None:
    assert group_of(PurePath(path), fixtures) == group


def test_cpu_time_counts_for_the_group_that_ran() -> None:
    clock = cpu_clock(5, 8, 20)
    costs = Costs(lambda: next(clock))

    costs.begin("unit")  # 5 s of starting and collecting
    costs.begin("unit")
    costs.begin("api")  # 3 s of unit tests
    costs.settle()

    assert {name: cost.cpu for name, cost in costs.groups.items()} == {
        "starting, collecting": 5,
        "unit": 3,
        "api": 12,
    }


def test_cpu_time_never_counts_backwards() -> None:
    clock = cpu_clock(10, 7, 12)  # a process ended, and nobody had waited for it
    costs = Costs(lambda: next(clock))

    costs.begin("unit")
    costs.begin("api")
    costs.settle()

    assert [costs.groups["unit"].cpu, costs.groups["api"].cpu] == [0, 2]


def test_workers_sums_are_added_up() -> None:
    costs = Costs(lambda: 0.0)

    costs.add("unit", Cost(tests=2, wall=3, cpu=1))
    costs.add("unit", Cost(tests=1, wall=1, cpu=1))

    assert costs.groups == {"unit": Cost(tests=3, wall=4, cpu=2)}


def test_table_has_groups_builds_and_sums() -> None:
    groups = {"api": Cost(1198, 720, 300), "unit": Cost(2000, 180, 120)}
    builds = [Build("etcd-3.6.5", pid=7, at=0, seconds=60, cpu_seconds=90)]

    assert table(groups, builds, wall=930) == [
        "group                   tests  wall min   CPU min",
        "unit                    2,000       3.0       2.0",
        "api                     1,198      12.0       5.0",
        "builds (1)                          1.0       1.5",
        "all                     3,198      15.0       8.5",
        "The run took 15.5 minutes.",
    ]


def cpu_clock(*seconds: float) -> Iterator[float]:
    return iter(seconds)
