"""The API conforms to its OpenAPI document for every request."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from testbed.app.service_process import running_service
from testbed.waiting import WAIT_TIMEOUT

SCHEMATHESIS = Path(sys.executable).with_name("st")
ADA = {"email": "ada@example.com", "password": "correct horse"}

# The rules of dates, zones and rows that refer to one another are beyond a schema,
# so much of what fits the schema is rightly refused.
NOT_PROMISED = "positive_data_acceptance"
ENDS_THE_SESSION = "^(log_out|delete_me|end_session|change_password)$"
# How long that takes is the machine's affair.
PATIENT = ("--request-timeout", str(WAIT_TIMEOUT), "--suppress-health-check", "too_slow")
UNLIMITED = {"TODOAPP_REQUESTS_PER_MINUTE": "1000000", "TODOAPP_LOG_INS_PER_MINUTE": "1000000"}
A_DAY = str(24 * 60)


@pytest.mark.timeout(900)
def test_no_request_makes_the_api_break_its_promise(database_url: str, tmp_path: Path) -> None:
    """Every answer has a status, type, headers and body that the document declares; none is a 5xx.

    Since each refusal is declared to be a problem, each is one. Schemathesis makes requests that fit
    the document, that do not, and that follow from earlier answers by links.
    """
    with running_service(
        "api", tmp_path, TODOAPP_DATABASE_URL=database_url, TODOAPP_ACCESS_TOKEN_MINUTES=A_DAY, **UNLIMITED
    ) as api:
        api.wait_for(200, "/health/ready")
        token = httpx.post(f"{api.url}/api/auth/signup", json=ADA, timeout=WAIT_TIMEOUT).json()[
            "access_token"
        ]

        run = subprocess.run(
            [
                *(SCHEMATHESIS, "run", f"{api.url}/openapi.json"),
                *("--header", f"Authorization: Bearer {token}"),
                *("--checks", "all", "--exclude-checks", NOT_PROMISED),
                *("--exclude-operation-id-regex", ENDS_THE_SESSION),
                *("--seed", "1", "--generation-deterministic"),
                *("--max-examples", "20", "--continue-on-failure", *PATIENT),
                *("--warnings", "off", "--no-color"),
            ],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    assert run.returncode == 0, run.stdout
