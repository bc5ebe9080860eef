"""Codes by which a house knows authors and their pages again without keeping who they are.

    mac = HMAC-SHA256(key, JSON array of the parts), its first 16 bytes

The server keeps the key: another key makes other codes.
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
        """Makes the tokens of visitors' browsers."""
        return hmac.digest(self.key, b"cookies", hashlib.sha256)

    def mac(self, *parts: str) -> bytes:
        """16 bytes that tell these parts from all others, and that only the house can make."""
        return hmac.digest(self.key, msgspec.json.encode(parts), hashlib.sha256)[:_MAC_BYTES]

    def code(self, *parts: str) -> str:
        """The same as text, base64url."""
        return base64.urlsafe_b64encode(self.mac(*parts)).decode().rstrip("=")

    def page(self, session: SessionId, intervention: InterventionId) -> str:
        """What the address of its author's page ends with."""
        return f"{self.code('page', session, intervention)}.{intervention}"

    def author_of(self, session: SessionId, token: str) -> InterventionId | None:
        """The intervention whose author's page that is; None for a token that isn't ours."""
        _, _, name = token.partition(".")
        if not is_name(name):
            return None
        right = self.page(session, InterventionId(name)).encode("utf-8", "replace")
        return InterventionId(name) if hmac.compare_digest(right, token.encode("utf-8", "replace")) else None
