"""Selectors are read as kubectl reads them; what is none selects nothing."""

import pytest

from todoapp_operator.kube.label_selector import LabelSelector

LABELS = {"team": "a", "env": "prod", "example.com/tier": "1", "empty": ""}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("team=a", True),
        ("team==a", True),
        (" team = a , env = prod ", True),
        ("team=a,env=test", False),
        ("team!=a", False),
        ("other!=a", True),
        ("team", True),
        ("other", False),
        ("!other", True),
        ("! team", False),
        ("env in (test, prod)", True),
        ("env in(test)", False),
        ("env notin (test)", True),
        ("env notin (prod,test)", False),
        ("other in (a)", False),
        ("other notin (a)", True),
        ("example.com/tier=1", True),
        ("empty=", True),
        ("empty in ()", True),
        ("empty in (,x)", True),
        ("team=", False),
        ("in in (in)", False),
        ("team=a,!other,env notin (test),empty", True),
    ],
)
def test_selector_matches_labels_as_kubectl_does(selector: str, matches: bool) -> None:
    assert LabelSelector.parse(selector).matches(LABELS) is matches


@pytest.mark.parametrize(
    "selector",
    [
        *("", " ", ",", "team=a,", "team=a b", "team=a;env=b", "team in prod", "team in (a", "=a", "a=b=c"),
        *("-team=a", "te am", "!team=a", "team~a", "team in (a b)", "team=" + "a" * 64, "a/b/c=d", "team=ä"),
    ],
)
def test_malformed_or_empty_selector_is_refused(selector: str) -> None:
    with pytest.raises(ValueError, match="is no label selector"):
        LabelSelector.parse(selector)


def test_long_selector_is_read_in_one_pass() -> None:
    requirements = [f"key-{number} in ({', '.join(map(str, range(50)))})" for number in range(500)]

    assert len(LabelSelector.parse(",".join(requirements)).requirements) == 500
