"""Tokens that protect HTML forms: they show that a form was made for this browser (CSRF), and that it is sent only
once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import OrderedDict

from moothall.core.ports import Randomness

FIELD = "form"
"""The hidden field's name."""
MOST_USED = 2_000
"""Tokens of forms that were sent lately. Overflow: the oldest is forgotten, and its form could be sent a second
time.
"""
_NONCE = 12


class FormGuard:
    """Makes and checks the tokens of forms. They are valid until the server restarts."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._secret = randomness.bytes(32)
        self._used: OrderedDict[str, None] = OrderedDict()

    def token(self, key: str) -> str:
        """A token for one form of the browser that has the secret `key`."""
        nonce = base64.urlsafe_b64encode(self._randomness.bytes(_NONCE)).decode()
        return f"{nonce}.{self._mac(nonce, key)}"

    def passes(self, token: str, key: str) -> bool:
        """Whether the form's token was made here for the browser that has `key`."""
        nonce, _, mac = token.partition(".")
        return hmac.compare_digest(self._mac(nonce, key).encode(), mac.encode("utf-8", "replace"))

    def first_time(self, token: str) -> bool:
        """Note that the token was used; return whether this is its first use. Reloading a page sends its form again."""
        if token in self._used:
            return False
        self._used[token] = None
        if len(self._used) > MOST_USED:
            self._used.popitem(last=False)
        return True

    def _mac(self, nonce: str, key: str) -> str:
        said = f"{nonce}\0{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"
        return hmac.digest(self._secret, said.encode("utf-8", "replace"), hashlib.sha256).hex()
