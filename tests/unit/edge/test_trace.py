"""The traceparent header, as Trace Context §3.2 has it."""

import pytest

from todoapp.kit.telemetry import Trace, current_traceparent, work

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def test_a_step_keeps_trace_and_flags_with_a_new_span() -> None:
    step = Trace.child_of(PARENT)

    assert step.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert step.span_id != "00f067aa0ba902b7"
    assert step.traceparent == f"00-{step.trace_id}-{step.span_id}-00"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        "00-00000000000000000000000000000000-0000000000000000-00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        f"{PARENT}-more",
    ],
)
def test_a_malformed_header_starts_a_new_trace(header: str | None) -> None:
    first, second = Trace.child_of(header), Trace.child_of(header)

    assert first.trace_id != second.trace_id
    assert first.flags == "01"
    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in first.traceparent


def test_a_later_version_may_have_more_fields() -> None:
    assert Trace.child_of(f"cc{PARENT[2:]}-more").trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_calls_carry_the_trace_of_the_current_work() -> None:
    step = Trace.child_of(PARENT)

    with work(step):
        assert current_traceparent() == step.traceparent
    assert current_traceparent() is None
