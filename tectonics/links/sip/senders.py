"""Where a datagram or a connection came from, as an address that can be looked for in networks."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def sender(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a socket tells, without its zone; that of IPv4 where it came over IPv6. None: it is none.

    >>> sender("::ffff:192.0.2.1"), sender("fe80::1%eth0"), sender("a name")
    (IPv4Address('192.0.2.1'), IPv6Address('fe80::1'), None)
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
