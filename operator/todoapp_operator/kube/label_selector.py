"""Label selectors as kubectl takes them.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LabelSelector"]

_SPACE = r"[ \t\r\n]*"
_WORD = r"[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?"
_KEY = rf"(?:[a-z0-9][-.a-z0-9]{{0,252}}/)?{_WORD}"
_VALUES = rf"(?:{_WORD})?(?:{_SPACE},{_SPACE}(?:{_WORD})?)*"
_REQUIREMENT = re.compile(
    rf"{_SPACE}(?:"
    rf"(?P<absent>!){_SPACE}(?P<absent_key>{_KEY})"
    rf"|(?P<key>{_KEY})(?:"
    rf"{_SPACE}(?P<equality>==?|!=){_SPACE}(?P<value>(?:{_WORD})?)"
    rf"|[ \t\r\n]+(?P<membership>in|notin){_SPACE}\({_SPACE}(?P<values>{_VALUES}){_SPACE}\)"
    rf")?){_SPACE}(?P<more>,|\Z)"
)


@dataclass(frozen=True)
class _Requirement:
    """The label `key` has to have one of `values`, or any value where there are none; or just not."""

    key: str
    values: frozenset[str] | None
    negated: bool

    def is_met_by(self, labels: Mapping[str, str]) -> bool:
        meets = self.key in labels and (self.values is None or labels[self.key] in self.values)
        return meets != self.negated


@dataclass(frozen=True)
class LabelSelector:
    """Requirements that labels have to meet, all of them."""

    requirements: tuple[_Requirement, ...]

    @classmethod
    def parse(cls, text: str) -> "LabelSelector":
        """Read `team=a,env in (prod,test),!legacy` and the like.

        Raises:
            ValueError: it is no selector, or an empty one, which would select everything.
        """
        requirements: list[_Requirement] = []
        position, more = 0, True
        while more:
            found = _REQUIREMENT.match(text, position)
            if found is None:
                raise ValueError(
                    f"{text[position:]!r} is no label selector, such as 'team=a,env in (prod,test)'"
                )
            requirements.append(_requirement(found))
            position, more = found.end(), bool(found["more"])
        return cls(tuple(requirements))

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.is_met_by(labels) for requirement in self.requirements)


def _requirement(found: re.Match[str]) -> _Requirement:
    if found["absent"]:
        return _Requirement(found["absent_key"], None, negated=True)
    if found["equality"]:
        return _Requirement(found["key"], frozenset({found["value"]}), negated=found["equality"] == "!=")
    if found["membership"]:
        values = (value.strip() for value in found["values"].split(","))
        return _Requirement(found["key"], frozenset(values), negated=found["membership"] == "notin")
    return _Requirement(found["key"], None, negated=False)
