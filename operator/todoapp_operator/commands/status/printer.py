"""An overview for people, as a tree in colours, and for programs, as JSON."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from todoapp_operator.commands.status.tree import Child, Overview
from todoapp_operator.kube.health import Health

__all__ = ["print_tree", "to_json"]

_MARKS = {
    Health.READY: ("✔", "green"),
    Health.PROGRESSING: ("…", "yellow"),
    Health.FAILED: ("✘", "red"),
    Health.PRESENT: ("•", "dim"),
}
_PHASE_STYLES = {"Ready": "bold green", "Degraded": "bold red"}
_OTHER_PHASE = "bold yellow"

# With these two, true is the bad news or no news.
_HEALTH_OF_TRUE = {"Degraded": Health.FAILED, "Progressing": Health.PROGRESSING}
_HEALTH_OF_FALSE = {"Degraded": Health.READY, "Progressing": Health.READY}


def to_json(overview: Overview) -> str:
    return orjson.dumps(asdict(overview), option=orjson.OPT_INDENT_2).decode()


def print_tree(overview: Overview, console: Console) -> None:
    tree = Tree(_title(overview))
    conditions = tree.add("Conditions")
    for condition in overview.conditions:
        conditions.add(_condition(condition))
    if not overview.conditions:
        conditions.add(Text("none yet; is the operator running?", "yellow"))
    _add(tree.add("Objects"), overview.children, home=overview.namespace)
    console.print(tree)
    for sentence in overview.unknown:
        console.print(Text(sentence, "yellow"), soft_wrap=True)


def _title(overview: Overview) -> Text:
    phase = overview.phase or "Unknown"
    stale = overview.conditions and not overview.up_to_date
    return Text.assemble(
        (f"TodoApp {overview.namespace}/{overview.name}", "bold"),
        "  ",
        (phase, _PHASE_STYLES.get(phase, _OTHER_PHASE)),
        (" (of an earlier spec)" if stale else "", "yellow"),
        *(f"  {each}" for each in (overview.version, overview.url) if each),
    )


def _condition(condition: dict[str, Any]) -> Text:
    kind, status = condition["type"], condition["status"]
    health = {
        "True": _HEALTH_OF_TRUE.get(kind, Health.READY),
        "False": _HEALTH_OF_FALSE.get(kind, Health.FAILED),
    }.get(status, Health.PROGRESSING)
    return _line(health, f"{kind}={status}", condition["reason"], condition.get("message", ""))


def _add(tree: Tree, children: Iterable[Child], *, home: str) -> None:
    for child in children:
        place = "" if child.namespace == home else f"{child.namespace}/"
        branch = tree.add(_line(Health(child.health), child.kind, f"{place}{child.name}", child.message))
        _add(branch, child.children, home=home)


def _line(health: Health, kind: str, name: str, message: str) -> Text:
    mark, style = _MARKS[health]
    return Text.assemble(
        (f"{mark} ", style), (kind, "cyan"), f" {name}", (f"  {message}" if message else "", style)
    )
