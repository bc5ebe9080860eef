"""The address under which other machines of the local network reach this one."""

from __future__ import annotations

import ipaddress
import socket

from moothall.core.kernel.errors import ConfigurationError

_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses that are nobody's. Naming one asks the system which way it would go; nothing is sent."""


def lan_address() -> str:
    """This machine's own address on the way out; raises ConfigurationError when it is on no network."""
    for family, elsewhere in _ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((elsewhere, 9))
                address = str(asking.getsockname()[0])
        except OSError:
            continue
        if not ipaddress.ip_address(address).is_loopback:
            return address
    msg = "This machine is on no network that others could reach it by. Connect it, or leave LAN out."
    raise ConfigurationError(msg)
