import io
import json

from todoapp_operator.commands.run.console import Console


def shown(line: str, *, colours: bool = False) -> str:
    out = io.StringIO()
    Console(out, colours=colours, width=4).relay("api", line)
    return out.getvalue()


def test_an_event_becomes_time_name_message_and_fields() -> None:
    line = json.dumps(
        {
            "time": "2027-03-01T09:00:00.000+00:00",
            "level": "INFO",
            "logger": "todoapp.processes.api",
            "message": "Task added",
            "service": "api",
            "task_id": "0190",
            "title": "Pay rent",
            "count": 2,
        }
    )

    clock, _, rest = shown(line).partition(" ")

    assert len(clock) == len("09:00:00")
    assert rest == 'api   Task added task_id=0190 title="Pay rent" count=2\n'


def test_a_warning_is_marked_as_one() -> None:
    assert "api   WARNING Events wait" in shown('{"level": "WARNING", "message": "Events wait"}')


def test_a_sidecars_line_is_read_as_well() -> None:
    line = json.dumps(
        {
            "app_id": "api",
            "instance": "laptop",
            "level": "info",
            "msg": "application discovered",
            "scope": "dapr.runtime",
            "time": "2027-03-01T09:00:00.123456789Z",
            "type": "log",
            "ver": "1.18.3",
        }
    )

    assert shown(line).endswith("api   application discovered\n")


def test_a_traceback_follows_its_event() -> None:
    out = shown('{"level": "ERROR", "message": "It failed", "exception": "Traceback:\\n  boom"}')

    assert out.splitlines()[1:] == ["Traceback:", "  boom"]


def test_a_line_that_is_not_json_is_shown_unchanged() -> None:
    assert shown("plain text").endswith("api   plain text\n")
    assert shown("42").endswith("api   42\n")


def test_colours_are_for_terminals_that_want_them() -> None:
    plain, coloured = (shown('{"level": "ERROR", "message": "No"}', colours=each) for each in (False, True))

    assert "\x1b[" not in plain
    assert "\x1b[31m" in coloured


def test_output_to_a_file_has_no_colours() -> None:
    assert not Console.on(io.StringIO()).colours
