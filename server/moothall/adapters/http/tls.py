"""The TLS context for https, and HSTS, which tells browsers to use https only."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from cryptography import x509

from moothall.adapters.store.files import explained
from moothall.core.kernel.errors import ConfigurationError

YEAR_S = 31_536_000
NOT_PUBLIC = ("localhost", "local", "lan", "home", "internal", "intranet", "test", "invalid", "home.arpa")
"""Suffixes of names for which no public authority issues certificates (RFC 2606, 6762, 8375)."""


def tls_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """The TLS context of a listener; None when both paths are empty.

    Raises ConfigurationError when only one is given, or when the files can't be used.
    """
    if not certificate and not key:
        return None
    if not certificate or not key:
        named, missing = ("tls_certificate", "tls_key") if certificate else ("tls_key", "tls_certificate")
        raise ConfigurationError(f"[server] names {named} and no {missing}; https needs both.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in (certificate, key):
        with explained(f"{path} can't be read", "[server] names it for https."):
            Path(path).open("rb").close()
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        what = "they don't belong together" if "MISMATCH" in str(error) else "one isn't PEM, or the key has a password"
        raise ConfigurationError(f"{certificate} and {key} can't be used for https: {what}.") from error
    return context


def hsts_seconds(setting: int, *, public: str, certificate: str) -> int:
    """The `max-age` of HSTS in s: for how long browsers use https only; 0 sends no HSTS.

    `setting` is the operator's value; -1 lets this function decide. It returns a year where `public`, the address used
    in links, is https on a name for which public authorities issue certificates, and where the server's certificate, if
    it has one, isn't self-signed. A browser can't be told to forget it, so a house on a private network never gets HSTS
    by default.
    """
    if setting >= 0:
        return setting
    address = urlsplit(public)
    if address.scheme != "https" or not _public_name(address.hostname or "") or _self_signed(certificate):
        return 0
    return YEAR_S


def _public_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not any(f".{host}".endswith(f".{end}") for end in NOT_PUBLIC)
    return False


def _self_signed(path: str) -> bool:
    """Whether a certificate is self-signed, or can't be read (`tls_context` reports that). False without a path."""
    if not path:
        return False
    try:
        found = x509.load_pem_x509_certificate(Path(path).read_bytes())
    except (OSError, ValueError):
        return True
    return found.issuer == found.subject


def insist_on_https(app: web.Application, seconds: int, over_https: Callable[[web.Request], bool]) -> None:
    """Add `Strict-Transport-Security` (RFC 6797) to every answer over https; answers over http must not have it (§7.2).

    It doesn't include subdomains, which may belong to other services of the house.
    """
    if seconds == 0:
        return

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        if over_https(request):
            response.headers[hdrs.STRICT_TRANSPORT_SECURITY] = f"max-age={seconds}"

    app.on_response_prepare.append(add)
