"""Kubernetes quantities: how much they are, and the form in which the API server returns them."""

import math
from fractions import Fraction
from functools import lru_cache

__all__ = ["amount", "canonical"]

_DECIMAL = {
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("kMGTPE", start=1)},
}
_BINARY = {
    "": Fraction(1),
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", start=1)},
}


def amount(quantity: str) -> Fraction:
    """How much a quantity such as `500m` or `1.5Gi` is."""
    number = quantity.rstrip("mkKMGTPEi")
    return Fraction(number) * (_DECIMAL | _BINARY)[quantity.removeprefix(number)]


@lru_cache(maxsize=1024)
def canonical(quantity: str) -> str:
    """The shortest whole number and suffix for the same amount: `0.5` is `500m`, `1024Mi` is `1Gi`.

    To compare what was asked for with what is there, both must have this form. Fractions of a
    thousandth are rounded up, as for the resources of every pod.
    (k8s.io/apimachinery/pkg/api/resource: CanonicalizeBytes; k8s.io/kubernetes/pkg/apis/core/v1:
    SetDefaults_ResourceList)
    """
    rounded = Fraction(math.ceil(amount(quantity) * 1000), 1000)
    if not rounded:
        return "0"
    binary = quantity.endswith("i") and rounded >= 1024 and rounded.denominator == 1
    units = _BINARY if binary else _DECIMAL
    largest = max((unit for unit in units if (rounded / units[unit]).denominator == 1), key=units.__getitem__)
    return f"{rounded / units[largest]}{largest}"
