"""The addresses at which a room reaches its hub, and the origins whose pages may send requests to it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence

_WAYS = ("192.0.2.1", "10.255.255.254", "172.31.255.254", "192.168.255.254")
"""Targets for a UDP socket. Connecting one asks the system for the route and so for the own address; nothing is sent.
The first is a documentation address (RFC 5737), for the route to the Internet; the others are of the private networks,
since a machine without Internet has a route to its own network."""
_ANY = ("0.0.0.0", "::", "")  # noqa: S104  # only compared with, not listened on


def local_addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses without loopback ones; the address on the route to the Internet is first."""
    found: dict[str, None] = {}
    for way in _WAYS:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.connect((way, 9))
                found[str(asking.getsockname()[0])] = None
        except OSError:
            continue
    try:
        named = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        named = []
    found.update((str(each[4][0]), None) for each in named)
    return tuple(address for address in found if not ipaddress.ip_address(address).is_loopback)


def origins_of(host: str, port: int, public_name: str = "", numbers: Sequence[str] | None = None) -> tuple[str, ...]:
    """The origins of the pages as browsers write them, the best one to tell people first.

    `host` is the address on which the hub listens; unless that is all addresses, it is the only one. `numbers` are the
    machine's own IP addresses; None: they are looked up.
    """
    hosts: list[str] = []
    if public_name:
        hosts.append(public_name)
    if host in _ANY:
        hosts += local_addresses() if numbers is None else numbers
        hosts += ["127.0.0.1", "localhost"]
    else:
        hosts.append(f"[{host}]" if ":" in host else host)
        if ipaddress_or_none(host) is not None and ipaddress.ip_address(host).is_loopback:
            hosts.append("localhost")
    return tuple(dict.fromkeys(_origin(each, port) for each in hosts))


def room_address(origins: Iterable[str]) -> str:
    """The first address that others in the room can use, without `http://`; empty where there is none."""
    hosts = (origin.partition("://")[2] for origin in origins)
    return next((host for host in hosts if not host.startswith(("127.", "[::1]", "localhost"))), "")


def ipaddress_or_none(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an IP address; None for a name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _origin(host: str, port: int) -> str:
    named = host if host.rpartition(":")[2].isdecimal() and ":" in host and not host.endswith("]") else f"{host}:{port}"
    return f"http://{named.removesuffix(':80')}"


class Origins(frozenset[str]):
    """The origins whose pages may send requests: those of this machine, at its present and later addresses.

    A network may give the machine another address at any time, but the doors get the set of origins only once. So each
    connection to one of the machine's addresses adds it: `learn`.
    """

    _learnt: set[str]
    """Origins added later. Bounded by the addresses that the machine has had since the start: they come from the
    system, not from browsers."""

    def __new__(cls, origins: Iterable[str]) -> Origins:
        """Make the set with the origins that are known at the start."""
        made = super().__new__(cls, origins)
        made._learnt = set()
        return made

    def __contains__(self, origin: object) -> bool:
        return super().__contains__(origin) or origin in self._learnt

    def learn(self, address: str, port: int) -> None:
        """Add the local address and port of a connection, as the system reports them."""
        if ipaddress_or_none(address.partition("%")[0]) is not None:
            plain = ipaddress.ip_address(address.partition("%")[0])
            mapped = getattr(plain, "ipv4_mapped", None)
            host = str(mapped or plain)
            self._learnt.add(_origin(f"[{host}]" if ":" in host else host, port))
