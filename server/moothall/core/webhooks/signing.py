"""Signatures of messages by the convention Standard Webhooks (standardwebhooks.com, version 1): HMAC-SHA256.

It is a module of its own because receivers' libraries hold it against theirs.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from hashlib import sha256

PREFIX = "whsec_"
"""The beginning of a secret, before its bytes in base64."""
SECRET_BYTES = 32
"""The convention asks for 24 to 64."""


def secret_text(secret: bytes) -> str:
    """A secret as receivers get it."""
    return PREFIX + base64.b64encode(secret).decode()


def signature(secrets: Iterable[str], message: str, at_s: int, body: bytes) -> str:
    """The header `webhook-signature` of a message with that id, sent at `at_s` (Unix seconds): one signature for each
    secret, separated by spaces. While a secret is being replaced there are two.
    """
    signed = b".".join((message.encode(), str(at_s).encode(), body))
    return " ".join(f"v1,{_mac(each, signed)}" for each in secrets)


def _mac(secret: str, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, sha256)).decode()
