"""Posts captions to Zoom, and never to an address inside the server's own network.

The address comes from a form, so the client is restricted: https only, only names that resolve to public addresses, no
redirects, a time limit of 5 s, and little of the answer is read.
"""

from __future__ import annotations

import ipaddress
from dataclasses import KW_ONLY, dataclass
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp

from moothall.adapters.http.bodies import up_to
from moothall.adapters.streams.checked_connection import CheckedResolver
from moothall.core.captioning.outgoing import OutgoingLine
from moothall.core.kernel.decoding import number_in
from moothall.core.streams.addresses import may_reach
from moothall.services.capture.pulling import StreamLost

PATIENCE_S = 5.0
LONGEST = 1_000
"""The most characters of an address."""
MOST_READ = 200
"""The most bytes of an answer that are read."""
_PATH = "closedcaption"
_UNREACHED = (aiohttp.ClientError, OSError, TimeoutError, StreamLost)
"""Errors of an address that can't be reached; the resolver raises StreamLost."""


def zoom_address(text: str, *, private: bool = False) -> str | None:
    """The address, if it can be one of Zoom's; otherwise None. `private`: also accept addresses of this network, for
    tests.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    fits = len(text) <= LONGEST and text.isprintable() and parts.path.rstrip("/").endswith(f"/{_PATH}")
    secure = parts.scheme == "https" and port in (None, 443)
    if not fits or not host or parts.username is not None or not (secure or private):
        return None
    return text.strip() if private or _leads_out(host) else None


def _leads_out(host: str) -> bool:
    """Whether a host may be public: a literal address has to be; a name is checked when it is resolved."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host
    return may_reach(host)


def zoom_session(*, private: bool = False) -> aiohttp.ClientSession:
    """An HTTP client that connects to public addresses only. The caller closes it."""
    connector = (
        aiohttp.TCPConnector(limit=20) if private else aiohttp.TCPConnector(resolver=CheckedResolver(), limit=20)
    )
    patience = aiohttp.ClientTimeout(total=PATIENCE_S)
    return aiohttp.ClientSession(connector=connector, timeout=patience, cookie_jar=aiohttp.DummyCookieJar())


@dataclass(eq=False, repr=False)
class ZoomClient:
    """Sends captions to Zoom (`CaptionSender`). `private`: also to addresses of this network, for tests."""

    _: KW_ONLY
    private: bool = False

    def __post_init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """The HTTP client, made when it is first needed."""
        if self._http is None:
            self._http = zoom_session(private=self.private)
        return self._http

    async def close(self) -> None:
        """Close the HTTP client, if there is one."""
        if self._http is not None:
            await self._http.close()

    async def last(self, address: str) -> int | None:
        """The number of the last caption that Zoom accepted; None where that can't be found out."""
        parts = self._parts(address)
        if parts is None:
            return None
        where = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/seq"))
        try:
            async with self.http.get(where, allow_redirects=False) as answer:
                text = (await up_to(answer.content, MOST_READ)).decode("ascii", "replace").strip()
                return number_in(text, 15) if answer.status == 200 else None
        except _UNREACHED:
            return None

    async def post(self, address: str, seq: int, line: OutgoingLine) -> bool:
        """Send a caption, followed by a line break; return whether Zoom accepted it."""
        parts = self._parts(address)
        if parts is None:
            return False
        query = [*parse_qsl(parts.query, keep_blank_values=True), ("seq", str(seq)), ("lang", line.language)]
        where = urlunsplit(parts._replace(query=urlencode(query)))
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            body = f"{line.text}\n".encode()
            async with self.http.post(where, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status == 200
        except _UNREACHED:
            return False

    def _parts(self, address: str) -> SplitResult | None:
        """The parsed address. It is checked each time, since an earlier release may have stored an unsafe one."""
        fit = zoom_address(address, private=self.private)
        return None if fit is None else urlsplit(fit)
