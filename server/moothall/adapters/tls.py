"""Certificate and key for https."""

from __future__ import annotations

import ssl
from pathlib import Path

from moothall.core.errors import ConfigurationError


def tls_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """What a listener needs for https, None when both are empty.

    Raises ConfigurationError when only one is named, or when they can't be used.
    """
    if not certificate and not key:
        return None
    if not certificate or not key:
        named, missing = ("tls_certificate", "tls_key") if certificate else ("tls_key", "tls_certificate")
        msg = f"[server] names {named} and no {missing}; https needs both."
        raise ConfigurationError(msg)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in (certificate, key):
        try:
            Path(path).open("rb").close()
        except OSError as error:
            msg = f"{path} can't be read: {error.strerror}. [server] names it for https."
            raise ConfigurationError(msg) from error
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        what = "they don't belong together" if "MISMATCH" in str(error) else "one isn't PEM, or the key has a password"
        msg = f"{certificate} and {key} can't be used for https: {what}."
        raise ConfigurationError(msg) from error
    return context
