"""The active replica's work: informers and Kopf put TodoApps into a queue, workers reconcile them."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from itertools import product
from typing import Any, get_args

from todoapp_operator.controller.handlers import Watch, watch_todoapps
from todoapp_operator.controller.probes import Readiness
from todoapp_operator.controller.watched import Watched
from todoapp_operator.controller.work_queue import WorkQueue
from todoapp_operator.kube.backoff import BackOff
from todoapp_operator.kube.client import UNREACHABLE, ApiError, Client
from todoapp_operator.kube.informer import Informer
from todoapp_operator.kube.kinds import KINDS, url
from todoapp_operator.kube.presence import DEFINITIONS, Definitions, Presence
from todoapp_operator.metrics import QUEUE_DEPTH, RECONCILE_SECONDS, RECONCILES, RESOURCES
from todoapp_operator.reconcile.children import Children
from todoapp_operator.reconcile.claims import NameIsTaken
from todoapp_operator.reconcile.finalizer import TODOAPP
from todoapp_operator.reconcile.kafka_access import KAFKA, NAMESPACE, KafkaAccess
from todoapp_operator.reconcile.ownership import AppKey
from todoapp_operator.reconcile.reconciler import Reconciler
from todoapp_operator.reconcile.reconciliation import ReconcileContext
from todoapp_operator.reconcile.referenced_secrets import SECRET, ReferencedSecrets
from todoapp_operator.reconcile.report import Phase
from todoapp_operator.reconcile.secrets import AppSecrets
from todoapp_operator.reconcile.todoapps import TodoApps
from todoapp_operator.release import released_image
from todoapp_operator.render.identity import MANAGER, MANAGER_LABEL

__all__ = ["Controller"]

logger = logging.getLogger(__name__)

_WORKERS = 20
"""Tasks, not threads: many may wait for a slow answer without holding up the others."""
_RECONCILE_SECONDS = 60
_BACK_OFF = BackOff(first=0.25, longest=300)
_DEFINITION_SECONDS = 1
_CACHES = "the caches"

_OURS = f"{MANAGER_LABEL}={MANAGER}"
_NOT_OURS = f"{MANAGER_LABEL}!={MANAGER}"


class Controller:
    """`tasks` are told if one of ours fails."""

    def __init__(
        self,
        client: Client,
        tasks: asyncio.TaskGroup,
        readiness: Readiness,
        watched: Watched,
        resync_seconds: float,
        namespace: str,
    ) -> None:
        self._client = client
        self._tasks = tasks
        self._readiness = readiness
        self._watched = watched
        self._resync_seconds = resync_seconds
        self._queue: WorkQueue[AppKey] = WorkQueue(_BACK_OFF)
        self._todoapps = TodoApps()
        self._children = Children(self._queue.add)
        self._foreign = ReferencedSecrets(client, self._queue.add)
        self._kafka_access = KafkaAccess(self._queue.add)
        self._presence = Presence(self._reconcile_all)
        self._reconciler = Reconciler(
            ReconcileContext(
                client=client,
                todoapps=self._todoapps,
                children=self._children,
                secrets=AppSecrets(client, self._children, self._foreign),
                kafka_access=self._kafka_access,
                image=released_image(),
                namespace=namespace,
                kinds=lambda: self._presence.kinds,
            )
        )
        self._background: list[asyncio.Task[None]] = []
        QUEUE_DEPTH.set_function(self._queue.__len__)
        for phase in get_args(Phase):
            RESOURCES.labels(phase).set_function(partial(self._count, phase))

    async def prepare(self) -> None:
        """Learn what is there; return when every object and every TodoApp is known."""
        self._readiness.wait_for(_CACHES)
        for informer in self._informers():
            self._start(informer.run())
            # One after the other, so that no more than one page of objects is in memory at a time.
            await informer.settled.wait()
        while not await self._knows_todoapps():
            logger.warning("The cluster does not know TodoApps yet; apply operator/manifests/crd.yaml.")
            await asyncio.sleep(_DEFINITION_SECONDS)
        self._readiness.arrived(_CACHES)

    async def work(self, on_start: Callable[[], None]) -> None:
        """Reconcile; never returns. `on_start` is that of `watch_todoapps`."""
        for _ in range(_WORKERS):
            self._start(self._reconcile_next())
        self._start(self._resync())
        watch = Watch(self._todoapps, self._queue.add, self._readiness, self._watched.namespaces)
        await watch_todoapps(watch, on_start)

    def halt(self) -> None:
        """Cancel all work; calling it again changes nothing."""
        self._queue.close()
        for task in self._background:
            task.cancel()

    def _informers(self) -> Iterator[Informer]:
        defined = []
        for scope in self._watched.scopes_of_secrets:
            path, ours = url(SECRET, scope.namespace), self._children.of_kind(SECRET)
            yield Informer(self._client, path, ours, scope=scope, selector=_OURS)
            yield Informer(
                self._client, path, self._foreign, scope=scope, selector=_NOT_OURS, metadata_only=True
            )
        for scope in self._watched.scopes:
            path, sink = url(KAFKA, scope.namespace), self._kafka_access.kafkas
            kafkas = Informer(self._client, path, sink, scope=scope, metadata_only=True)
            defined.append(kafkas)
            yield kafkas
        for kind, scope in product(KINDS, self._watched.scopes):
            informer = Informer(
                self._client,
                url(kind, scope.namespace),
                self._children.of_kind(kind),
                scope=scope,
                selector=_OURS,
                on_presence=self._presence.of(kind),
            )
            defined.append(informer)
            yield informer
        # Namespaces and definitions lie in no namespace. Without these a new kind is noticed half a minute
        # later, and a Kafka cannot allow namespaces by their labels.
        if not self._watched.namespaces:
            yield Informer(self._client, url(NAMESPACE), self._kafka_access.namespaces, metadata_only=True)
            yield Informer(self._client, DEFINITIONS, Definitions(defined), metadata_only=True)

    async def _knows_todoapps(self) -> bool:
        """Take in those that are there already; Kopf tells of every change from then on."""
        try:
            for scope in self._watched.scopes:
                async for page in self._client.pages(url(TODOAPP, scope.namespace)):
                    for manifest in page["items"] or ():
                        if record := self._todoapps.put(manifest):
                            self._queue.add(record.key)
        except (ApiError, *UNREACHABLE):
            return False
        return True

    async def _reconcile_next(self) -> None:
        """A worker: never returns."""
        while True:
            key = await self._queue.get()
            try:
                await self._reconcile(key)
            finally:
                self._queue.done(key)
            # A reconciliation with nothing to do never waits, so it would keep the lease from being renewed.
            await asyncio.sleep(0)

    async def _reconcile(self, key: AppKey) -> None:
        begin = time.perf_counter()
        try:
            async with asyncio.timeout(_RECONCILE_SECONDS):
                await self._reconciler.reconcile(key)
        except (ApiError, NameIsTaken, *UNREACHABLE) as error:
            self._retry(key, "error", f"{type(error).__name__}: {error}")
        except Exception:
            # The outermost loop: a defect that one TodoApp brings out must not stop the others.
            logger.exception("Reconciling a TodoApp failed.", extra={"todoapp": str(key)})
            self._retry(key, "error", "see the exception before this line")
        else:
            RECONCILES.labels("success").inc()
            self._queue.succeeded(key)
        RECONCILE_SECONDS.observe(time.perf_counter() - begin)

    def _retry(self, key: AppKey, result: str, problem: str) -> None:
        RECONCILES.labels(result).inc()
        wait = self._queue.retry(key)
        logger.warning(
            "Retrying a TodoApp later.",
            extra={"todoapp": str(key), "problem": problem, "wait_seconds": round(wait, 2)},
        )

    async def _resync(self) -> None:
        """Reconcile every TodoApp now and then, spread over the time between: for what no watch reported."""
        while True:
            for record in self._todoapps:
                self._queue.add_after(record.key, random.uniform(0, self._resync_seconds))  # noqa: S311
            await asyncio.sleep(self._resync_seconds)

    def _count(self, phase: str) -> int:
        return sum(record.status.get("phase") == phase for record in self._todoapps)

    def _reconcile_all(self) -> None:
        for record in self._todoapps:
            self._queue.add(record.key)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._background.append(self._tasks.create_task(work))
