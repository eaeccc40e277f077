"""What the kubelet hears about a replica."""

from http import HTTPStatus

import httpx
import pytest

from testbed.ports import free_port
from testbed.waiting import WAIT_TIMEOUT
from todoapp_operator.controller.probes import Readiness, serving_probes
from todoapp_operator.resource.user_error import UserError


async def test_readyz_names_each_part_that_is_missing() -> None:
    readiness, port = Readiness(), free_port()
    answers = []

    async with serving_probes(port, readiness):
        for change, part in (
            (readiness.wait_for, "the watch of TodoApps"),
            (readiness.wait_for, "the caches"),
            (readiness.arrived, "the watch of TodoApps"),
            (readiness.arrived, "the caches"),
            (readiness.arrived, "the caches"),
        ):
            change(part)
            async with httpx.AsyncClient(timeout=WAIT_TIMEOUT) as kubelet:  # it keeps no connection
                answer = await kubelet.get(f"http://127.0.0.1:{port}/readyz")
            answers.append((answer.status_code, answer.text))

    assert answers == [
        (HTTPStatus.SERVICE_UNAVAILABLE, "waiting for the watch of TodoApps\n"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "waiting for the caches and the watch of TodoApps\n"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "waiting for the caches\n"),
        (HTTPStatus.OK, "ok\n"),
        (HTTPStatus.OK, "ok\n"),
    ]


async def test_taken_port_is_refused_with_a_remedy() -> None:
    port = free_port()

    async with serving_probes(port, Readiness()):
        with pytest.raises(UserError, match=f"Port {port} is taken; choose another with --port."):
            async with serving_probes(port, Readiness()):
                pytest.fail("two servers on one port")
