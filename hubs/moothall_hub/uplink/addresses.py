"""Under which addresses a room reaches its hub, and whose pages may send something to it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence

_WAYS = ("192.0.2.1", "10.255.255.254", "172.31.255.254", "192.168.255.254")
"""Naming an address asks the system which way it would go; nothing is sent. One that is nobody's, and one of each of
the private networks: a machine without a way out has one to its own network still."""
_ANY = ("0.0.0.0", "::", "")  # noqa: S104  # compared with, not listened on


def local_addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses by number, but for its own loop: that on the way out first."""
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
    """The addresses of the pages as browsers write them, the best one to tell people first.

    `host` is where it listens: anything but all addresses is the only one. `numbers` are the machine's own.
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
    """The one of a machine's addresses to tell the room, without `http://`; empty where nobody else reaches any."""
    hosts = (origin.partition("://")[2] for origin in origins)
    return next((host for host in hosts if not host.startswith(("127.", "[::1]", "localhost"))), "")


def ipaddress_or_none(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is; None for a name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _origin(host: str, port: int) -> str:
    named = host if host.rpartition(":")[2].isdecimal() and ":" in host and not host.endswith("]") else f"{host}:{port}"
    return f"http://{named.removesuffix(':80')}"


class Origins(frozenset[str]):
    """Whose pages may send: those of this machine, under the addresses that it has and those that it will have.

    A network gives machines other addresses now and then, and the doors are told only once whom to trust. So each
    connection to one of the machine's addresses tells of it: `learn`.
    """

    _learnt: set[str]
    """Bound: the addresses that the machine has had since it was started; the system says them, not the browser."""

    def __new__(cls, origins: Iterable[str]) -> Origins:
        """Those that are known from the beginning."""
        made = super().__new__(cls, origins)
        made._learnt = set()
        return made

    def __contains__(self, origin: object) -> bool:
        return super().__contains__(origin) or origin in self._learnt

    def learn(self, address: str, port: int) -> None:
        """Somebody is connected to this machine's address and port, as the system says."""
        if ipaddress_or_none(address.partition("%")[0]) is not None:
            plain = ipaddress.ip_address(address.partition("%")[0])
            mapped = getattr(plain, "ipv4_mapped", None)
            host = str(mapped or plain)
            self._learnt.add(_origin(f"[{host}]" if ":" in host else host, port))
