"""Header fields that a proxy passes on: all but those that concern one connection (hop-by-hop, RFC 9110 §7.6.1)."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import hdrs, web
from multidict import CIMultiDict, MultiMapping

_OF_A_CONNECTION = frozenset(
    {
        *("connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"),
        *("te", "trailer", "transfer-encoding", "upgrade", "expect"),
    }
)
_SAID_BY_NODES = ("moothall-node", "x-forwarded-")
_SAID_BY_PROXIES = frozenset({"forwarded", "x-real-ip", "host"})
_PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F))


def asks_for_websocket(request: web.Request) -> bool:
    """Whether a request is a WebSocket handshake."""
    return (
        request.method == hdrs.METH_GET
        and request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        and "upgrade" in _named(request.headers)
    )


def target(request: web.Request) -> str | None:
    """Path and query in ASCII, which every server reads alike; None where a request has no path (`OPTIONS *`)."""
    path = request.rel_url.raw_path_qs
    if not path.startswith("/"):
        return None
    return path if path.isascii() else quote(path.encode("utf-8", "surrogateescape"), safe=_PRINTABLE)


def request_head(request: web.Request, *, websocket: bool) -> CIMultiDict[str]:
    """The header fields of the request to the keeper. Fields that only nodes and proxies set are left out: this node
    sets them itself.
    """
    head = _end_to_end(request.headers)
    for name in {name for name in head if name.lower() in _SAID_BY_PROXIES}:
        del head[name]
    if websocket:
        _upgrade(head)
    return head


def answer_head(headers: MultiMapping[str], *, websocket: bool = False) -> CIMultiDict[str]:
    """The header fields of the answer to the visitor."""
    head = _end_to_end(headers)
    if websocket:
        _upgrade(head)
    return head


def _upgrade(head: CIMultiDict[str]) -> None:
    head[hdrs.CONNECTION], head[hdrs.UPGRADE] = "Upgrade", "websocket"


def _end_to_end(headers: MultiMapping[str]) -> CIMultiDict[str]:
    named = _named(headers)
    left_out = _OF_A_CONNECTION if not named else _OF_A_CONNECTION | named
    found = CIMultiDict[str]()
    for name, value in headers.items():
        lower = name.lower()
        if lower not in left_out and not lower.startswith(_SAID_BY_NODES):
            found.add(name, value if value.isascii() else _readable(value))
    return found


def _named(headers: MultiMapping[str]) -> frozenset[str]:
    """The field names listed in `Connection`, in lower case."""
    return frozenset(
        token.strip().lower()
        for line in headers.getall(hdrs.CONNECTION, ())
        for token in line.split(",")
        if token.strip()
    )


def _readable(value: str) -> str:
    """Replace bytes that are not UTF-8: aiohttp can't send them, and nothing here reads them."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
