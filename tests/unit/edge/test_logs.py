"""One line per event, on standard output, as a log collector or a person reads it."""

import subprocess
import sys
from typing import Any

import orjson

WORKING = """
import logging
from todoapp.kit.settings import Settings
from todoapp.kit.telemetry import Trace, bind, configure_logging, work

configure_logging(Settings(log_format={format!r}, pod_name={pod!r}), "api")
logger = logging.getLogger("todoapp.example")
with work(Trace.child_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), request_id="r-1"):
    bind(user_id="u-1", task_id="t-1")
    logger.info("Task %s", "done", extra={{"version": 3}})
    try:
        raise ValueError("of no use")
    except ValueError:
        logger.exception("Task lost")
logger.debug("Too much")
logger.warning("Alone")
"""


def logged(log_format: str, *, pod: str | None = None) -> str:
    script = WORKING.format(format=log_format, pod=pod)
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout


def test_a_json_line_names_event_service_and_trace() -> None:
    done, lost, alone = (read(line) for line in logged("json").splitlines())

    work = {
        "request_id": "r-1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "user_id": "u-1",
        "task_id": "t-1",
    }
    told = {"level": "INFO", "logger": "todoapp.example", "message": "Task done", "service": "api"}
    assert done == told | work | {"version": 3}
    assert lost["exception"].startswith("Traceback")
    assert lost["exception"].endswith("ValueError: of no use")
    assert alone == told | {"level": "WARNING", "message": "Alone"}


def test_a_json_line_names_its_pod_where_there_are_pods() -> None:
    lines = [read(line) for line in logged("json", pod="todo-api-7f9").splitlines()]

    assert [line["pod"] for line in lines] == ["todo-api-7f9"] * len(lines)


def test_the_text_format_is_readable() -> None:
    first, *_, last = logged("text").splitlines()

    assert first.split(" ", 1)[1].startswith("INFO todoapp.example: Task done version=3 trace_id=4bf92f")
    assert last.split(" ", 1)[1] == "WARNING todoapp.example: Alone"


def read(line: str) -> dict[str, Any]:
    """A line without its time, which has to be there."""
    event: dict[str, Any] = orjson.loads(line)
    assert event.pop("time").endswith("+00:00")
    return event
