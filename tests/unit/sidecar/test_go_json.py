"""JSON as Go writes it, for any JSON that is sent."""

import pytest

from todoapp_sidecar.go_json import dumps, loads


@pytest.mark.parametrize("text", [b'{"n":1180591620717411303424}', b'{"n":-0.5,"text":"\xc3\xa9"}', b"[[]]"])
def test_json_is_written_as_it_was_read(text: bytes) -> None:
    assert dumps(loads(text)) == text


def test_keys_are_sorted_unless_their_order_is_meant() -> None:
    assert dumps({"b": 1, "a": 2}) == b'{"a":2,"b":1}'
    assert dumps({"b": 1, "a": 2}, sort_keys=False) == b'{"b":1,"a":2}'


@pytest.mark.parametrize("large", [0, 2**70])
def test_markup_characters_are_escaped(large: int) -> None:
    assert dumps(["<&>", large]) == rb'["\u003c\u0026\u003e",%d]' % large


def test_a_lone_surrogate_is_read_and_replaced_when_written() -> None:
    assert dumps(loads(rb'"\ud800!"')) == b'"?!"'


@pytest.mark.parametrize("text", [b"NaN", b"-Infinity", b"{", b"\xff", b"[" * 100_000])
def test_malformed_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)
