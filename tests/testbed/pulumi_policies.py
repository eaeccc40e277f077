"""The policy pack's verdict on a resource."""

from collections.abc import Mapping
from typing import Any

from todoapp_platform.policies import RULES

__all__ = ["violations"]


def violations(kind: str, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each broken rule, with its sentence."""
    return [(rule.__name__, sentence) for rule in RULES for sentence in rule(kind, inputs)]
