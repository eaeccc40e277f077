"""docs/network.md: the table of arrows as a diagram and as a table, for people."""

import re
from collections.abc import Iterator
from itertools import groupby

from todoapp_operator.render.arrows import ARROWS, PODS, Arrow, Place

__all__ = ["network_page"]

_HEAD = """\
# Connections of a TodoApp

Which connections the NetworkPolicies of a TodoApp let through; every other one is closed. This page, the
policies and their tests come from one table, `operator/todoapp_operator/render/arrows.py`; `make generated`
writes it.

```mermaid
flowchart LR
"""

_NOTES = """\

- **As named**: the port of an address that the TodoApp names in `broker`, `observability.tracing`,
  `auth.oidc.issuer` or `assistant.baseUrl`. A database elsewhere is reached at `database.port`, because its
  address is in a Secret.
- **Metadata**: no arrow leads to the addresses where clouds tell a machine's credentials (169.254.0.0/16 and
  others). Names alone are also asked of the cache that some clusters have at 169.254.20.10.
- **Internet** means public addresses, without private networks and without `clusterCidrs`, which names the
  networks of a cluster that uses public ones. Where `TODOAPP_ALLOW_PRIVATE_DESTINATIONS` lets people name
  private addresses, `notification` reaches these too.
- **Monitoring** is the namespaces in `observability.scrapedFrom`. Dapr is expected in `dapr-system`,
  CloudNativePG in `cnpg-system`.
- The kubelet's probes and a pod's own sidecar need no arrow.
- `networkPolicy: false` leaves all of this to other policies.

The operator has a policy of its own in `operator/manifests/deployment.yaml`: Prometheus in `monitoring` asks
it, and it asks DNS, the Kubernetes API and the inner ports of TodoApps. Strimzi keeps policies for Kafka; the
listener of TodoApps is open to their pods and to KEDA (`strimzi/base/kafka.yaml`).
"""


def network_page() -> str:
    return "".join([_HEAD, *_diagram(), "```\n\n", *_table(), _NOTES])


def _diagram() -> Iterator[str]:
    places = dict.fromkeys(place for arrow in ARROWS for place in (arrow.source, arrow.target))
    yield "    subgraph todoapp [TodoApp]\n"
    yield from (f"        {_node(place)}\n" for place in places if place in PODS)
    yield "    end\n"
    yield from (f"    {_node(place)}\n" for place in places if place not in PODS)
    yield from (
        f'    {_id(arrow.source)} -->|"{arrow.carries}: {arrow.at.replace("`", "")}"| {_id(arrow.target)}\n'
        for arrow in ARROWS
    )


def _table() -> Iterator[str]:
    yield "| from | to | for | ports |\n| --- | --- | --- | --- |\n"
    for (target, carries, at), arrows in groupby(ARROWS, _end):
        sources = ", ".join(arrow.source.name for arrow in arrows)
        yield f"| {sources} | {target} | {carries} | {at} |\n"


def _end(arrow: Arrow) -> tuple[str, str, str]:
    return arrow.target.name, arrow.carries, arrow.at


def _node(place: Place) -> str:
    return f'{_id(place)}["{place.name}"]'


def _id(place: Place) -> str:
    return re.sub(r"\W+", "_", place.name.lower())
