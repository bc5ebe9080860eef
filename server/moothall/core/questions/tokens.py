"""Keyed codes that identify authors and the addresses of their pages, without storing who the authors are.

    mac = HMAC-SHA256(key, JSON array of the parts), its first 16 bytes

The server keeps the key; with another key all codes are different.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

from moothall.core.kernel.ids import InterventionId, SessionId, is_name

KEY_BYTES = 32
_MAC_BYTES = 16


class Tokens(msgspec.Struct, frozen=True):
    """Makes the codes of one house, and checks the addresses of its authors' pages."""

    key: bytes

    @property
    def cookie_key(self) -> bytes:
        """The key for the tokens of visitors' browsers."""
        return hmac.digest(self.key, b"cookies", hashlib.sha256)

    def mac(self, *parts: str) -> bytes:
        """16 bytes that identify these parts, and that nobody without the key can compute."""
        return hmac.digest(self.key, msgspec.json.encode(parts), hashlib.sha256)[:_MAC_BYTES]

    def code(self, *parts: str) -> str:
        """The `mac` of these parts as text: base64url without padding."""
        return base64.urlsafe_b64encode(self.mac(*parts)).decode().rstrip("=")

    def page(self, session: SessionId, intervention: InterventionId) -> str:
        """The last part of the address of an author's page."""
        return f"{self.code('page', session, intervention)}.{intervention}"

    def author_of(self, session: SessionId, token: str) -> InterventionId | None:
        """The intervention to whose author's page this token leads; None for a token that this house has not made."""
        _, _, name = token.partition(".")
        if not is_name(name):
            return None
        right = self.page(session, InterventionId(name)).encode("utf-8", "replace")
        return InterventionId(name) if hmac.compare_digest(right, token.encode("utf-8", "replace")) else None
