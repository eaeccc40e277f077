"""What the operator costs, with one number of TodoApps after another."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from statistics import quantiles
from time import perf_counter

from testbed.kubernetes.audit_log import Audit, Request
from testbed.kubernetes.installations import ELSEWHERE, Installation
from testbed.kubernetes.objects import NAMESPACE, Objects, kind_named
from testbed.kubernetes.operator_process import OperatorProcess
from testbed.waiting import wait_until

__all__ = ["Cost", "measure"]

SPEC = ELSEWHERE | {"networkPolicy": False, "rollout": {"migrations": "Manual"}}
"""Nothing of it waits for a controller, so that each TodoApp takes one reconciliation."""

STATUS = "todoapps/status"
SERVICE = kind_named("Service")
CLIENTS = 8
WAIT_TIMEOUT = 1800
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Cost:
    """One row of the report. CPU is the operator's alone; times are those of the clock on the wall."""

    todoapps: int
    children: float
    """Of one TodoApp, its Secrets included."""
    seconds: float
    """From the first creation until the last status."""
    cpu_seconds: float
    memory_mebibytes: float
    """Resident: the larger of the values before and after the restart."""
    requests: dict[str, int]
    """By verb and resource, from the first creation until the last status."""
    writes_each: float
    """For one new TodoApp, its status included."""
    repair_p50_milliseconds: float
    """From a Service's edit or deletion until it is as it was."""
    repair_p95_milliseconds: float
    restart_seconds: float
    """From the start of the process until it has looked at every TodoApp."""
    restart_cpu_seconds: float
    restart_writes: int


def measure(objects: Objects, operator: OperatorProcess, audit: Audit, count: int, *, samples: int) -> Cost:
    """Install `count` TodoApps, damage some of them, restart the operator, which has to be active."""
    namespace = f"bench-{count}"
    objects.create(NAMESPACE, {"metadata": {"name": namespace}})
    installations = [Installation(objects, namespace, f"todo-{number}") for number in range(count)]
    installations[0].put_secret("database", url="postgresql://db.example.com/todo")

    audit.requests()
    begun, cpu = perf_counter(), cpu_seconds(operator)
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda each: each.apply(SPEC), installations))
    requests = until_each_has_a_status(operator, audit, count)
    seconds, cpu = perf_counter() - begun, cpu_seconds(operator) - cpu

    turns = zip(cycle(installations), range(samples))
    repairs = [repair_seconds(each, turn) for each, turn in turns]
    percentiles = quantiles(repairs, n=100, method="inclusive")
    memory = mebibytes(operator)
    restart_seconds, restart_cpu, restart_writes = restart(operator, audit, namespace, count)
    written = [each for each in requests if each.writes and each.namespace == namespace]
    return Cost(
        todoapps=count,
        children=sum(each.resource not in (STATUS, "events") for each in written) / count,
        seconds=seconds,
        cpu_seconds=cpu,
        memory_mebibytes=max(memory, mebibytes(operator)),
        requests=dict(Counter(f"{each.verb} {each.resource}" for each in requests)),
        writes_each=len(written) / count,
        repair_p50_milliseconds=1000 * percentiles[49],
        repair_p95_milliseconds=1000 * percentiles[94],
        restart_seconds=restart_seconds,
        restart_cpu_seconds=restart_cpu,
        restart_writes=restart_writes,
    )


def cpu_seconds(operator: OperatorProcess) -> float:
    times = operator.usage.cpu_times()
    return float(times.user + times.system)


def mebibytes(operator: OperatorProcess) -> float:
    return float(operator.usage.memory_info().rss / MEBIBYTE)


def until_each_has_a_status(operator: OperatorProcess, audit: Audit, count: int) -> list[Request]:
    """Everything that the operator asked until then."""
    requests: list[Request] = []
    done: set[str] = set()

    def all_done() -> bool:
        if not operator.is_running:
            raise RuntimeError(f"The operator has ended: {operator.lines()[-1]['message']}")
        new = audit.requests()
        requests.extend(new)
        done.update(each.name for each in new if each.resource == STATUS)
        return len(done) == count

    wait_until(all_done, what=f"{count} TodoApps have a status", seconds=WAIT_TIMEOUT)
    return requests


def repair_seconds(installation: Installation, turn: int) -> float:
    """How long a Service stays edited or, every other turn, deleted."""
    objects, place = installation.objects, (SERVICE, f"{installation.name}-api", installation.namespace)
    before = installation.child(*place[:2])["metadata"]["labels"]
    if turn % 2:
        objects.delete(*place)
    else:
        objects.edit(*place, {"metadata": {"labels": {"app.kubernetes.io/name": "edited"}}})
    begun = perf_counter()
    # Asked again without a pause, which would be longer than what is measured.
    while (found := objects.get(*place)) is None or found["metadata"]["labels"] != before:
        if perf_counter() - begun > WAIT_TIMEOUT:
            raise TimeoutError(f"Service {place[1]} is not repaired.")
    return perf_counter() - begun


def restart(operator: OperatorProcess, audit: Audit, namespace: str, count: int) -> tuple[float, float, int]:
    """Seconds, CPU seconds and writes until a new process has looked at every TodoApp."""
    operator.stop()
    audit.requests()
    begun = perf_counter()
    operator.start()
    operator.wait_until_active()
    wait_until(
        lambda: operator.metric("todoapp_operator_reconciles_total") >= count,
        what="every TodoApp was looked at",
        seconds=WAIT_TIMEOUT,
    )
    return perf_counter() - begun, cpu_seconds(operator), len(audit.writes(namespace))
