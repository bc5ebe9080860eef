"""Addresses of streams, and the check which machines a stream may be fetched from."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

LONGEST_ADDRESS = 2_000
"""Characters of an address that a person enters."""
LONGEST_LED = 8_000
"""Characters of an address to which a stream's server leads: a segment of a playlist, or a redirect."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SHAPE = re.compile(
    r"(?P<scheme>https?|rtsps?|rtmps?)://(?:(?P<who>[^@/?#]*)@)?"
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253})(?::(?P<port>[0-9]{1,5}))?(?P<rest>[/?].*)?",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")
"""A private range that Python up to 3.12 counts as global."""


class Fetching(StrEnum):
    """How the sound of an address is fetched."""

    HTTP = "http"
    """HTTP requests: an endless file (Icecast), or the segments of a playlist (HLS)."""
    RTSP = "rtsp"
    RTMP = "rtmp"


class StreamAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address in its parts. It may hold a password: show only `shown`, and write no part of it to a log."""

    scheme: str
    host: str
    """A name or an IP address; IPv6 without brackets."""
    port: int
    who: str = ""
    """`name:password` as in the address, percent-encoded; may be empty."""
    rest: str = "/"
    """Path and query, which may hold a password too."""

    @property
    def fetching(self) -> Fetching:
        """The protocol by which the sound is fetched."""
        return Fetching(self.scheme.removesuffix("s"))

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme.endswith("s")

    @property
    def shown(self) -> str:
        """The part that the staff may see: no password, no path, no query."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    def at(self, port: int) -> str:
        """The same address through a relay on this machine that listens on `port`, without TLS."""
        who = f"{self.who}@" if self.who else ""
        return f"{self.fetching}://{who}127.0.0.1:{port}{self.rest}"


def read_address(text: str, longest: int = LONGEST_ADDRESS) -> StreamAddress | None:
    """The parts of an address; None when it is no address of a stream, or longer than `longest` characters."""
    if len(text) > longest or any(not sign.isprintable() or sign.isspace() or sign in "#\\" for sign in text):
        return None
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    scheme = found["scheme"].lower()
    host = found["host"].lower()
    if host.startswith("["):
        try:
            host = str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            return None
    port = int(found["port"]) if found["port"] else _PORTS[scheme]
    if not 0 < port < 65_536:
        return None
    rest = found["rest"] or "/"
    return StreamAddress(
        scheme=scheme,
        host=host,
        port=port,
        who=found["who"] or "",
        rest=rest if rest.startswith("/") else f"/{rest}",
    )


def may_reach(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether a stream may be fetched from this IP address: it is global, or in an `allowed` network.

    An IPv6 address that stands for an IPv4 address (mapped, NAT64, 6to4, Teredo) counts as both, and both have to be
    permitted. False for anything that is no IP address.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_open(each) or any(each in network for network in allowed) for each in _stands_for(found))


def _stands_for(address: _Address) -> Iterator[_Address]:
    if isinstance(address, ipaddress.IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    else:
        if address in _NAT64:
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        else:
            yield address
        if address.sixtofour is not None:
            yield address.sixtofour
        if address.teredo is not None:
            yield from address.teredo


def _open(address: _Address) -> bool:
    """Whether the address is global. For 6to4 and Teredo the caller checks the embedded addresses too."""
    if isinstance(address, ipaddress.IPv6Address) and (address.is_site_local or address in _NAT64_LOCAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
