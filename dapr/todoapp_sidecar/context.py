"""What the parts that serve an app instance share."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from todoapp_sidecar.apps import App
from todoapp_sidecar.broker import Broker
from todoapp_sidecar.channel import AppChannel
from todoapp_sidecar.directory import Directory
from todoapp_sidecar.health import AppHealth
from todoapp_sidecar.jobs import Jobs
from todoapp_sidecar.resources import Component, Resources
from todoapp_sidecar.secrets import SecretStore
from todoapp_sidecar.store import Store
from todoapp_sidecar.subscriptions import SubscriptionSpec
from todoapp_sidecar.wakeups import Wakeups

__all__ = ["ActiveSubscription", "Context", "Shared"]


@dataclass(frozen=True)
class ActiveSubscription:
    """A subscription in force; `declared` in a file or else by the app itself."""

    spec: SubscriptionSpec
    component: Component
    declared: bool


@dataclass(frozen=True, repr=False)  # it holds secrets
class Shared:
    """What all app instances of the process have in common.

    `api_token` is what callers show, `app_token` what the sidecar shows to apps.
    """

    store: Store
    broker: Broker
    jobs: Jobs
    wakeups: Wakeups
    session: aiohttp.ClientSession
    directory: Directory
    api_token: str | None
    app_token: str | None


@dataclass(repr=False)
class Context:
    """One app instance.

    `subscriptions` and `labels` change while it is served, `stopping` ends that. `ready` is set once its
    events and jobs are processed.
    """

    app: App
    resources: Resources
    secrets: Mapping[str, SecretStore]
    health: AppHealth
    channel: AppChannel
    shared: Shared
    subscriptions: list[ActiveSubscription] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    ready: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
