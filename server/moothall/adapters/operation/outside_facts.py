"""Checks a server by its public address, as a visitor reaches it: certificate, time, proxy, streams, WebSockets."""

from __future__ import annotations

import asyncio
import email.utils
import ssl
from contextlib import suppress
from datetime import UTC
from urllib.parse import urlsplit

import aiohttp
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from moothall.adapters.http.bodies import up_to
from moothall.adapters.operation.probe_door import PATH
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.ports import Clock
from moothall.services.operation.outside_checks import CLAIMED, CertificateFacts, ReachFacts, SeenFacts

PATIENCE_S = 10.0
MOST_ANSWER = 1 << 16
DEFAULT_PORTS = {"https": 443, "http": 80}


async def certificate_facts(public: str, clock: Clock) -> CertificateFacts | None:
    """Check the certificate of a public address; None when the address isn't https."""
    address = urlsplit(public)
    if address.scheme != "https" or not address.hostname:
        return None
    host, port = address.hostname, address.port or DEFAULT_PORTS["https"]
    try:
        raw = await _presented(host, port)
    except (OSError, TimeoutError):
        return CertificateFacts(host=host, away=True)
    found = x509.load_der_x509_certificate(raw)
    names = tuple(dict.fromkeys(_names(found)))
    error = ""
    try:
        await _connect(host, port, ssl.create_default_context())
    except ssl.SSLCertVerificationError as failed:
        error = failed.verify_message
    except (OSError, TimeoutError) as failed:
        error = type(failed).__name__
    return CertificateFacts(
        error=error,
        ends_s=int(found.not_valid_after_utc.timestamp()) - clock.wall() // 1000,
        names=names,
        host=host,
        matches=any(_is_for(name, host) for name in names),
    )


async def off_ms(public: str, clock: Clock) -> int | None:
    """How many ms this machine's clock is ahead of the `Date` header of an address; None without an answer or a valid
    header.
    """
    with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError, TypeError):
        async with _client() as http, http.head(public, allow_redirects=False) as answer:
            said = email.utils.parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
            apart = clock.wall() - int(said.timestamp() * 1000)
            return 0 if 0 <= apart < 1000 else apart  # The header has whole seconds.
    return None


async def reach_facts(public: str, given: str, clock: Clock, *, proxied: bool) -> ReachFacts:
    """Check what the proxy at the public address changes; `given` is a pass of the server that should be behind it."""
    claims = {"X-Forwarded-For": CLAIMED, "Forwarded": f"for={CLAIMED}", "Origin": public}
    probe = f"{public}{PATH}/{given}"
    try:
        async with _client() as http:
            async with http.get(probe, headers=claims, allow_redirects=False) as answer:
                body, status = await up_to(answer.content, MOST_ANSWER), answer.status
            try:
                seen = read_json(body, SeenFacts) if status == 200 else None
            except Unreadable:
                seen = None
            if seen is None:
                return ReachFacts(address=public, proxied=proxied, status=status)
            pieces = await _pieces(http, f"{probe}/stream", clock)
            socket = await _opens(http, f"{probe}/socket", public)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return ReachFacts(address=public, proxied=proxied, error=_why(error))
    return ReachFacts(address=public, proxied=proxied, seen=seen, stream_ms=pieces, socket=socket)


async def _pieces(http: aiohttp.ClientSession, address: str, clock: Clock) -> tuple[int, ...]:
    """The arrival of each piece of the stream, ms after the request."""
    began, came = clock.monotonic(), []
    with suppress(aiohttp.ClientError, TimeoutError):
        async with http.get(address) as answer:
            async for piece in answer.content.iter_any():
                came += [clock.monotonic() - began] * piece.count(b"data: ")
    return tuple(came)


async def _opens(http: aiohttp.ClientSession, address: str, origin: str) -> str:
    """Why a WebSocket doesn't open; empty when it opens and a message arrives."""
    try:
        async with http.ws_connect(address, origin=origin) as socket:
            said = await socket.receive(PATIENCE_S)
            return "" if said.type is aiohttp.WSMsgType.TEXT else "nothing comes through it"
    except aiohttp.WSServerHandshakeError as error:
        return f"it is answered with status {error.status}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return _why(error)


def _client() -> aiohttp.ClientSession:
    """Make a client that accepts any certificate: whether browsers accept it is checked separately."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=PATIENCE_S), connector=aiohttp.TCPConnector(ssl=_unchecked())
    )


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _presented(host: str, port: int) -> bytes:
    """The certificate that a server presents, DER."""
    return await _connect(host, port, _unchecked())


async def _connect(host: str, port: int, context: ssl.SSLContext) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    writer.transport.abort()
    return shown


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        return ()
    if not isinstance(found, x509.SubjectAlternativeName):
        return ()
    addresses = (str(each) for each in found.get_values_for_type(x509.IPAddress))
    return (*found.get_values_for_type(x509.DNSName), *addresses)


def _is_for(name: str, host: str) -> bool:
    """Whether a name of a certificate matches a host; a `*` matches the first label alone (RFC 9525, §6.3)."""
    name, host = name.lower(), host.lower()
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {PATIENCE_S:.0f} s"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or "it can't be reached"
    return type(error).__name__
