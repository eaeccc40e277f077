"""The policy pack's verdict on a resource."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy.proxy import unknown_checking_proxy

from todoapp_platform.policies import RULES

__all__ = ["violations"]


def violations(kind: str, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each broken rule, with its sentence. What is unknown in a preview raises when a rule reads it."""
    props = unknown_checking_proxy(dict(inputs))
    return [(rule.__name__, sentence) for rule in RULES for sentence in rule(kind, props)]
