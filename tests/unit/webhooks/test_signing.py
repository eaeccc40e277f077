"""Signatures that any receiver of Standard Webhooks can verify."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from todoapp.features.webhooks.signing import new_secret, signed_headers

# The specification's own example:
# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"test": 2432232314}'
AT = datetime.fromtimestamp(1614265330, UTC)


def test_the_example_of_the_specification() -> None:
    assert signed_headers([SECRET], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", body=BODY, now=AT) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_new_secret_signs_by_the_specification() -> None:
    secret = new_secret()

    headers = signed_headers([secret], message_id="one", body=BODY, now=AT)

    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.new(key, f"one.1614265330.{BODY}".encode(), hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    assert len(key) == 32
    assert new_secret() != secret


def test_with_two_secrets_a_receiver_of_either_verifies() -> None:
    old, new = new_secret(), new_secret()

    headers = signed_headers([new, old], message_id="one", body=BODY, now=datetime.now(UTC))

    assert Webhook(old).verify(BODY, headers) == Webhook(new).verify(BODY, headers) == {"test": 2432232314}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)
