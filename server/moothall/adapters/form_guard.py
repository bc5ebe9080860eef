"""What stands between a form and what it does: where it was sent from, whose it is, and that it is sent once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import OrderedDict

from aiohttp import web

from moothall.core.ports import Randomness

FIELD = "form"
"""The hidden field's name."""
MOST_USED = 2_000
"""Forms that were sent lately. Overflow: the oldest is forgotten, and could be sent a second time."""
_NONCE = 12


class FormGuard:
    """Makes the tokens of forms and checks them. They hold until the server is started again."""

    def __init__(self, *, origins: frozenset[str], randomness: Randomness) -> None:
        """`origins`: whose pages may send forms, exactly as browsers write them."""
        self._origins = origins
        self._randomness = randomness
        self._secret = randomness.bytes(32)
        self._used: OrderedDict[str, None] = OrderedDict()

    def token(self, key: str) -> str:
        """A token for one form of the browser that has `key`."""
        nonce = base64.urlsafe_b64encode(self._randomness.bytes(_NONCE)).decode()
        return f"{nonce}.{self._mac(nonce, key)}"

    def from_us(self, request: web.Request) -> bool:
        """Whether a request comes from a page of ours: the first thing to be asked, before its body is read.

        A browser always says where a form comes from; whoever doesn't is none, and has no business here.
        """
        return request.headers.get("Origin") in self._origins

    def passes(self, request: web.Request, token: str, key: str) -> bool:
        """Whether a form may be acted on: from a page of ours, made for this browser."""
        nonce, _, mac = token.partition(".")
        right = hmac.compare_digest(self._mac(nonce, key).encode(), mac.encode("utf-8", "replace"))
        return right and self.from_us(request)

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
