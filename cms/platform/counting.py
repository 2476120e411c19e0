"""What is counted, and how often it may be: plain values under the limits of every surface."""

import hashlib
import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """How often something may be done within a window of time. `name` is what the limit is called in headers."""

    name: str
    times: int
    window_seconds: int


def client_network(address: str) -> str:
    """What one client can hardly leave: its IPv4 address, or the /64 of its IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def counted_address(email: str) -> str:
    """What stands for an address in the key of a counter: of one length, and not an address in one more table."""
    return hashlib.sha256(email.encode()).hexdigest()
