"""Which addresses users' URLs may reach: those of the public internet."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

__all__ = ["PrivateDestination", "is_public"]

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1


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
    return inner.is_global and not inner.is_multicast


def _unwrapped(address: IPv6Address) -> IPv4Address | IPv6Address:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or address
