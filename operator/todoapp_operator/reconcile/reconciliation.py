"""One reconciliation of one TodoApp: write what differs, in the order in which it is needed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from todoapp_operator.kube.client import Client
from todoapp_operator.kube.health import Health
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.metrics import DRIFT_CORRECTIONS
from todoapp_operator.reconcile.app_children import AppChildren
from todoapp_operator.reconcile.children import Child, Children
from todoapp_operator.reconcile.claims import NameIsTaken, apply_over, find, make
from todoapp_operator.reconcile.facts import Pods
from todoapp_operator.reconcile.finalizer import set_finalizer
from todoapp_operator.reconcile.findings import Observation
from todoapp_operator.reconcile.handover import begin_with, hand_over_replicas
from todoapp_operator.reconcile.kafka_access import KafkaAccess
from todoapp_operator.reconcile.merge_keys import disown, put_entries_back
from todoapp_operator.reconcile.order import WORKLOADS, Blocker, before_migrating, before_starting
from todoapp_operator.reconcile.ownership import AppKey, TakenName
from todoapp_operator.reconcile.plan import Plan, Rendering, Step
from todoapp_operator.reconcile.secrets import AppSecrets, MissingSecret
from todoapp_operator.reconcile.todoapps import Record, TodoApps
from todoapp_operator.render.platform import Platform
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["ReconcileContext", "Reconciliation"]

_JOB = "Job"


@dataclass(frozen=True)
class ReconcileContext:
    """What every reconciliation uses."""

    client: Client
    todoapps: TodoApps
    children: Children
    secrets: AppSecrets
    kafka_access: KafkaAccess
    image: str
    """The application's, of the operator's own release."""
    namespace: str
    """The operator's own."""
    kinds: Callable[[], frozenset[Kind]]
    """Those that the cluster knows now."""
    plans: dict[AppKey, Plan] = field(default_factory=dict)
    """The latest of each TodoApp."""
    completed: dict[AppKey, Plan] = field(default_factory=dict)
    """Those that were carried out to the end."""


class Reconciliation:
    def __init__(self, app: TodoApp, record: Record, context: ReconcileContext) -> None:
        self._app = app
        self._record = record
        self._context = context
        self._children = AppChildren(context.children, record.owner)
        self._plan: Plan | None = None
        self._rendering: Rendering
        self._missing_secrets: tuple[MissingSecret, ...] = ()
        self._taken_names: list[TakenName] = []
        self._blocker: Blocker | None = None

    async def run(self) -> None:
        """Bring about as much as can be now; what has somebody else's name is left out.

        Raises:
            ApiError: the API server refused something; what came before it is done.
        """
        found = await self._context.secrets.ensure(self._app)
        self._missing_secrets = found.missing_secrets
        self._taken_names += found.taken_names
        plan = self._planned(self._platform(found.digest, self._children.served_release()))
        await self._ensure_finalizer(plan)
        await self._apply(plan, lambda kind: kind not in WORKLOADS and kind != _JOB)
        self._blocker = await self._migrate(plan)
        if self._blocker:
            return
        await self._apply(plan, WORKLOADS.__contains__)
        plan = await self._switch(plan)
        await self._prune(plan, found.names)
        if not self._taken_names:
            self._context.completed[self._record.key] = plan

    def observe(self, refusal: Blocker | None) -> Observation:
        plan = self._plan
        steps = plan.steps if plan else ()
        return Observation(
            app=self._app,
            missing_secrets=self._missing_secrets,
            missing=plan.missing if plan else (),
            database=self._children.database(steps),
            broker=self._children.broker(steps),
            migration=self._children.job(plan.job) if plan else None,
            pods=self._children.wanted_pods(plan.deployments if plan else ()),
            blocker=self._blocker,
            refusal=refusal,
            taken_names=self.taken_names,
        )

    @property
    def taken_names(self) -> tuple[TakenName, ...]:
        """Names that somebody else's objects have; `run` finds them."""
        return tuple(self._taken_names)

    def serving_pods(self) -> dict[Component, Pods]:
        return self._children.serving_pods(self._plan.deployments if self._plan else ())

    def _platform(self, secrets_digest: str, served_release: str) -> Platform:
        return Platform(
            image=self._context.image,
            kinds=self._context.kinds(),
            secrets_digest=secrets_digest,
            serving_release=served_release if self._app.spec.rollout.strategy == "BlueGreen" else "",
            operator_namespace=self._context.namespace,
        )

    def _planned(self, platform: Platform) -> Plan:
        self._rendering = Rendering(self._app, platform)
        plan = self._context.plans.get(self._record.key)
        if plan is None or not plan.is_for(self._app, platform):
            plan = self._rendering.plan()
            self._context.plans[self._record.key] = plan
        self._plan = plan
        return plan

    async def _ensure_finalizer(self, plan: Plan) -> None:
        """Be sure to be asked before the TodoApp goes, if anything is left elsewhere then."""
        planned = any(step.namespace != self._record.key.namespace for step in plan.steps)
        wanted = planned or bool(self._children.outside())
        changed = await set_finalizer(self._context.client, self._record, wanted=wanted)
        if changed:
            self._context.todoapps.put(changed)

    async def _migrate(self, plan: Plan) -> Blocker | None:
        """Once a version has migrated the database, the database's own state holds up nothing any more."""
        automatic = self._app.spec.rollout.migrations == "Auto"
        migration = self._children.job(plan.job)
        migrated = migration is not None and migration.health is Health.READY
        database = None if automatic and migrated else self._children.database(plan.steps)
        if blocker := before_migrating(self._missing_secrets, plan.missing, database, self._taken_names):
            return blocker
        await self._apply(plan, lambda kind: kind == _JOB)
        return before_starting(self._children.job(plan.job), self._taken_names) if automatic else None

    async def _switch(self, plan: Plan) -> Plan:
        """With `BlueGreen`, let the Service select the wanted release once all of its pods are there."""
        if not plan.release or plan.release == plan.platform.serving_release:
            return plan
        pods = self._children.wanted_pods(plan.deployments).get(Component.API)
        if pods is None or pods.status.health is not Health.READY:
            return plan
        plan = self._planned(replace(plan.platform, serving_release=plan.release))
        await self._apply(plan, lambda kind: kind == "Service")
        return plan

    async def _prune(self, plan: Plan, secrets: frozenset[str]) -> None:
        """Remove what is not wanted any more, but old pods only after new ones can do their work.

        A database that is kept has no owner, so it is not among our objects.
        """
        wanted = {(step.kind, step.namespace, step.name) for step in plan.steps}
        pods = self._children.wanted_pods(plan.deployments)
        for child in self._children:
            unwanted = (child.kind, child.namespace, child.name) not in wanted
            if not unwanted or child.deleting or (child.kind.name == "Secret" and child.name in secrets):
                continue
            if isinstance(child.facts, Pods) and not _replaced(child.facts, pods):
                continue
            await self._context.client.delete(child.kind, child.namespace, child.name, child.uid)

    async def _apply(self, plan: Plan, chosen: Callable[[str], bool]) -> None:
        """Apply the objects of the kinds whose names are `chosen`, as far as they differ."""
        for index, step in enumerate(plan.steps):
            if chosen(step.kind.name) and not self._is_as_rendered(step, index):
                try:
                    await self._write(step, self._rendering.manifests[index])
                except NameIsTaken as taken:
                    self._taken_names.append(taken.name)

    def _is_as_rendered(self, step: Step, index: int) -> bool:
        rendering = self._rendering
        child = self._context.children.get(step.kind, step.namespace, step.name)
        return (
            child is not None
            and child.standing.is_free_for(self._record.owner)
            and child.agrees(step.digest, lambda: rendering.manifests[index])
        )

    async def _write(self, step: Step, manifest: Manifest) -> None:
        """
        Raises:
            NameIsTaken: the object is somebody else's.
        """
        context, owner = self._context, self._record.owner
        child = await find(context.client, context.children, owner, step.kind, step.namespace, step.name)
        if child:
            applied = await self._change(child, manifest)
        else:
            applied = await self._make(step, manifest)
        context.children.applied(step.kind, applied, step.digest)
        if context.completed.get(self._record.key) is self._plan:
            DRIFT_CORRECTIONS.labels(step.kind.name).inc()

    async def _change(self, child: Child, manifest: Manifest) -> Manifest:
        client = self._context.client
        await hand_over_replicas(client, child, manifest)
        if not child.unverified:
            return await apply_over(client, child, manifest)
        manifest = await put_entries_back(client, child, manifest)
        return await disown(client, child, await apply_over(client, child, manifest))

    async def _make(self, step: Step, manifest: Manifest) -> Manifest:
        client = self._context.client
        made = await make(client, self._record.owner, step.kind, manifest)
        if (replicas := self._children.first_replicas(self._app, manifest)) > 1:
            return await begin_with(client, step.kind, made, replicas)
        return made


def _replaced(before: Pods, wanted: dict[Component, Pods]) -> bool:
    after = wanted.get(Component(before.component))
    return after is not None and after.status.health is Health.READY
