"""Certificate and key for https, and browsers told to ask for nothing else (HSTS)."""

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
"""Ends of names that nobody can get a certificate for from a public authority (RFC 2606, 6762, 8375)."""


def tls_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """What a listener needs for https, None when both are empty.

    Raises ConfigurationError when only one is named, or when they can't be used.
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
    """For how long browsers are told to ask for https alone; 0 is not at all.

    `setting` is what the operator wants, -1 to have it decided: a year where `public`, the address that links say, is
    https on a name that public authorities sign, and the certificate, if the server has one, isn't self-signed. A
    browser that was told can't go back, so a house on its own network is never told by itself.
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
    """Whether a certificate was signed by itself; `tls_context` reports a certificate that can't be read."""
    if not path:
        return False
    try:
        found = x509.load_pem_x509_certificate(Path(path).read_bytes())
    except (OSError, ValueError):
        return True
    return found.issuer == found.subject


def insist_on_https(app: web.Application, seconds: int, over_https: Callable[[web.Request], bool]) -> None:
    """Have every answer over https carry `Strict-Transport-Security` (RFC 6797); others must not (§7.2).

    For this name alone: what else the house has below it is none of ours.
    """
    if seconds == 0:
        return

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        if over_https(request):
            response.headers[hdrs.STRICT_TRANSPORT_SECURITY] = f"max-age={seconds}"

    app.on_response_prepare.append(add)
