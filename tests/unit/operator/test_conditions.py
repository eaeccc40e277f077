"""How a condition follows from the one before it."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from todoapp_operator.reconcile.conditions import ConditionType, Finding, Reason, conditions

EARLIER, NOW = "2030-01-01T00:00:00Z", datetime(2030, 1, 2, tzinfo=UTC)
STATUSES = st.sampled_from(["True", "False", "Unknown"])


def before(status: str) -> dict[str, Any]:
    return {
        "type": "Ready",
        "status": status,
        "reason": "AnyReason",
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": EARLIER,
    }


@given(STATUSES, STATUSES, st.sampled_from(list(Reason)), st.text())
def test_the_time_moves_only_with_the_status(was: str, now_is: Any, reason: Reason, message: str) -> None:
    finding = Finding(ConditionType.READY, now_is, reason, message)

    [condition] = conditions([finding], [before(was)], generation=2, now=NOW)

    moved = condition.pop("lastTransitionTime") != EARLIER
    assert moved == (was != now_is)
    assert condition == {
        "type": "Ready",
        "status": now_is,
        "reason": str(reason),
        "message": message,
        "observedGeneration": 2,
    }


def test_a_first_condition_is_from_now() -> None:
    finding = Finding(ConditionType.READY, "True", Reason.AVAILABLE)

    [condition] = conditions([finding], [], generation=1, now=NOW)

    assert condition["lastTransitionTime"] == "2030-01-02T00:00:00Z"


def test_outdated_conditions_are_removed() -> None:
    finding = Finding(ConditionType.DEGRADED, "False", Reason.AS_EXPECTED)

    found = conditions([finding], [before("True")], generation=1, now=NOW)

    assert [each["type"] for each in found] == ["Degraded"]
