"""What the process that follows a user's URL answers. It stays confined, so each test has one of its own."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from testbed.ports import free_port
from testbed.sidecar.recording_app import Answer, RecordingApp
from todoapp.features.channels import messenger

Messenger = Callable[..., str | None]


@pytest.fixture
def process() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as one:
        yield one


@pytest.fixture
def send(process: ProcessPoolExecutor) -> Messenger:
    """Send a message, to this machine too."""
    sending = partial(messenger.send, title="TodoApp", body="Pay the rent", allow_private=True)
    return lambda url: process.submit(sending, url).result()


def test_a_url_is_checked_without_sending_anything(
    process: ProcessPoolExecutor, receiver: RecordingApp
) -> None:
    fits = process.submit(messenger.check, f"json://127.0.0.1:{receiver.port}/channel").result()
    lacks_its_tokens = process.submit(messenger.check, "slack://").result()

    assert fits is None
    assert lacks_its_tokens is not None
    assert lacks_its_tokens.startswith("The URL lacks a part that its service needs")
    assert receiver.calls("/channel") == []


@pytest.mark.parametrize("parameter", ["redirect=yes", "Redirect=1", "a=b&redirect=true"])
def test_no_url_can_have_redirects_followed(
    process: ProcessPoolExecutor, send: Messenger, receiver: RecordingApp, parameter: str
) -> None:
    receiver.answer("/moved", Answer(307, headers={"Location": f"http://127.0.0.1:{receiver.port}/channel"}))
    url = f"json://127.0.0.1:{receiver.port}/moved?{parameter}"

    assert process.submit(messenger.check, url).result() == (
        "Redirects are not followed here; leave the parameter `redirect` out of the URL."
    )
    assert send(url) is not None
    assert receiver.calls("/channel") == []


def test_a_message_arrives_or_the_reason_is_returned(send: Messenger, receiver: RecordingApp) -> None:
    receiver.answer("/broken", Answer(503))

    assert send(f"json://127.0.0.1:{receiver.port}/channel") is None
    assert [call.json["message"] for call in receiver.calls("/channel")] == ["Pay the rent"]
    assert send(f"json://127.0.0.1:{receiver.port}/broken") == "The service answered with HTTP status 503."
    assert send(f"json://127.0.0.1:{free_port()}/") == (
        "The service could not be reached, or did not take the message."
    )
    assert (
        send("slack://") == "The channel's URL does not fit its service any more; give the channel a new URL."
    )


def test_no_proxy_is_asked_to_reach_a_private_address(
    process: ProcessPoolExecutor, receiver: RecordingApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{receiver.port}")

    refusal = process.submit(
        messenger.send, "json://10.0.0.1/channel", "TodoApp", "Pay the rent", allow_private=False
    ).result()

    assert refusal == "It leads to a private address, which this installation does not allow."
    assert receiver.calls("/channel") == []
