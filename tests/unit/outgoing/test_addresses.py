"""Which addresses are public."""

import pytest

from todoapp.features.outgoing.addresses import is_public


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - not bound to
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "fc00::1",
        "fe80::1%eth0",
        "168.63.129.16",
        "::ffff:168.63.129.16",
        "192.0.0.9",
        "::7f00:1",
        "::ffff:0:7f00:1",
        "64:ff9b:1::7f00:1",
        "2001:20::1",
        "3fff::1",
        "5f00::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_of_machines_and_their_networks_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("name", ["", "example.com", "127.1", "0x7f000001", "2130706433"])
def test_a_host_name_is_not_a_public_address(name: str) -> None:
    assert not is_public(name)
