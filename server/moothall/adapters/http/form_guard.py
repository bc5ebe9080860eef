"""What stands between a form and what it does: whose it is, and that it is sent once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import OrderedDict

from moothall.core.ports import Randomness

FIELD = "form"
"""The hidden field's name."""
MOST_USED = 2_000
"""Forms that were sent lately. Overflow: the oldest is forgotten, and could be sent a second time."""
_NONCE = 12


class FormGuard:
    """Makes the tokens of forms and checks them. They hold until the server is started again."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._secret = randomness.bytes(32)
        self._used: OrderedDict[str, None] = OrderedDict()

    def token(self, key: str) -> str:
        """A token for one form of the browser that has `key`."""
        nonce = base64.urlsafe_b64encode(self._randomness.bytes(_NONCE)).decode()
        return f"{nonce}.{self._mac(nonce, key)}"

    def passes(self, token: str, key: str) -> bool:
        """Whether a form may be acted on: it was made for this browser."""
        nonce, _, mac = token.partition(".")
        return hmac.compare_digest(self._mac(nonce, key).encode(), mac.encode("utf-8", "replace"))

    def first_time(self, token: str) -> bool:
        """Whether the form is sent for the first time; a page that is loaded again sends its form again."""
        if token in self._used:
            return False
        self._used[token] = None
        if len(self._used) > MOST_USED:
            self._used.popitem(last=False)
        return True

    def _mac(self, nonce: str, key: str) -> str:
        said = f"{nonce}\0{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"
        return hmac.digest(self._secret, said.encode("utf-8", "replace"), hashlib.sha256).hex()
