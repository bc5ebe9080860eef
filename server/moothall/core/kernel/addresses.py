"""What lies around an address that has one name already (`moothall.adapters.http.limits.network`). Pure."""

from __future__ import annotations

import ipaddress

WIDER = 48
"""Bits of what one IPv6 customer may have: 65,536 networks of 64 bits (RFC 6177)."""


def widest(network: str) -> str:
    """The /48 that an IPv6 network lies in; anything else is itself, as IPv4 addresses are."""
    try:
        parsed = ipaddress.ip_network(network)
    except ValueError:
        return network
    if isinstance(parsed, ipaddress.IPv4Network) or parsed.prefixlen <= WIDER:
        return network
    return str(parsed.supernet(new_prefix=WIDER))
