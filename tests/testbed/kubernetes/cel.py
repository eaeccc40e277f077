"""CEL with what Kubernetes adds to it and our rules use: quantities."""

from typing import Any

import cel

from todoapp_operator.resource.quantities import amount

__all__ = ["evaluate"]


def evaluate(rule: str, value: dict[str, Any]) -> bool:
    """Whether `value` obeys a rule, as the API server evaluates it.

    https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library
    """
    context = cel.Context({"self": value})
    # In nano-units, because CEL knows no fractions.
    context.add_function("quantity", lambda text: int(amount(text) * 10**9))
    context.add_function("compareTo", lambda one, other: (one > other) - (one < other))
    return bool(cel.evaluate(rule, context))
