import pytest

from todoapp_operator.resource.quantities import canonical


@pytest.mark.parametrize(
    ("written", "returned"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.1", "100m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1023Ki", "1023Ki"),
        ("0.5Ki", "512"),
        ("1000k", "1M"),
        ("2000000", "2M"),
        ("1.0001Ki", "1024103m"),
        ("0.0001", "1m"),
        ("0Gi", "0"),
        ("2", "2"),
    ],
)
def test_a_quantity_has_the_form_the_api_server_returns(written: str, returned: str) -> None:
    assert canonical(written) == returned
    assert canonical(returned) == returned
