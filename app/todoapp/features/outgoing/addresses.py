"""Which addresses users' URLs may reach: those of the public internet."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["PrivateDestination", "is_public"]

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1
TEREDO = IPv6Network("2001::/32")  # RFC 4380
NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",  # Azure's WireServer, which tells a machine's secrets
            "192.0.0.0/24",  # protocol assignments, RFC 6890
            "::/96",  # IPv4-compatible, RFC 4291 §2.5.5.1
            "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
            "64:ff9b:1::/48",  # NAT64 of a local network, RFC 8215
            "2001::/23",  # protocol assignments, RFC 2928
            "3fff::/20",  # documentation, RFC 9637
            "5f00::/16",  # segment routing, RFC 9602
            "fec0::/10",  # site-local, RFC 3879
        ),
    )
)
"""What no user may reach. `is_global` knows some of it, more in one version of Python than in another."""


class PrivateDestination(PermissionError):
    """A user's URL leads into the network of the installation."""

    def __init__(self) -> None:
        super().__init__("It leads to a private address, which this installation does not allow.")


def is_public(address: str) -> bool:
    """Whether a numeric IPv4 or IPv6 address belongs to the public internet.

    An IPv4 address that is wrapped in an IPv6 one counts as what it is. A name is not public:
    it has to be resolved first.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    inner = _unwrapped(found) if isinstance(found, IPv6Address) else found
    if inner.is_multicast or any(inner in network for network in NOT_PUBLIC):
        return False
    return inner.is_global


def _unwrapped(address: IPv6Address) -> IPv4Address | IPv6Address:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in TEREDO:
        return IPv4Address(~int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
