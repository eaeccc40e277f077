from typing import Any

import pytest
from pydantic import ValidationError

from todoapp_sidecar.resiliency import ResiliencySpec, RetryPolicy, inbound


def policy(**fields: Any) -> RetryPolicy:
    return RetryPolicy.model_validate(fields)


def test_a_constant_policy_gives_up_after_its_retries() -> None:
    constant = policy(policy="constant", duration="300ms", maxRetries=2)

    assert [constant.delay(attempts) for attempts in (1, 2, 3)] == [0.3, 0.3, None]


def test_without_a_limit_it_never_gives_up() -> None:
    assert policy(policy="constant", duration="1s").delay(1_000_000) == 1
    assert policy(policy="exponential", maxInterval="15s").delay(1_000_000) is not None


@pytest.mark.parametrize(("attempts", "middle"), [(1, 0.5), (2, 0.75), (3, 1.125), (50, 15)])
def test_an_exponential_policy_grows_by_half_give_or_take_half(attempts: int, middle: float) -> None:
    exponential = policy(policy="exponential", maxInterval="15s")

    for _ in range(200):
        delay = exponential.delay(attempts)
        assert delay is not None
        assert middle * 0.5 <= delay <= min(middle * 1.5, 15)


@pytest.mark.parametrize(
    ("status", "retried"), [(400, False), (429, True), (500, True), (599, True), (600, False)]
)
def test_status_codes_are_matched_by_number_and_by_range(status: int, retried: bool) -> None:
    matching = policy(policy="constant", matching={"httpStatusCodes": "429, 500-599"})

    assert matching.retries(status) is retried


@pytest.mark.parametrize("codes", ["5xx", "500-", "a-b"])
def test_a_malformed_status_code_is_refused(codes: str) -> None:
    with pytest.raises(ValidationError, match="is not a status code or a range such as 500-599"):
        policy(policy="constant", matching={"httpStatusCodes": codes})


def test_the_inbound_target_of_a_component_applies() -> None:
    spec = ResiliencySpec.model_validate(
        {
            "policies": {
                "timeouts": {"slow": "30s"},
                "retries": {"often": {"policy": "constant", "duration": "1s"}},
            },
            "targets": {"components": {"pubsub": {"inbound": {"retry": "often", "timeout": "slow"}}}},
        }
    )

    assert inbound([spec], "pubsub").timeout == 30
    assert inbound([spec], "pubsub").retry == spec.policies.retries["often"]
    assert inbound([spec], "other").retry is None
