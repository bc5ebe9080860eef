"""The cookie that identifies a browser within one session: a token that this house made.

    base64url(time ‖ random ‖ mac)      time: when it was made, Unix ms, 6 bytes; random: 12 bytes;
                                        mac: HMAC-SHA256(key, session ‖ 0 ‖ time ‖ random), its first 12 bytes

So nobody can invent browsers: each token needs a request for a page, at a time that the token shows.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from aiohttp import web

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock, Randomness
from moothall.core.questions import floods

_TOKEN = re.compile(r"[A-Za-z0-9_-]{40}\Z")
_TIME, _RANDOM, _MAC = 6, 12, 12
_FORM_BYTES = 16


class Visitors:
    """Makes the tokens and verifies them."""

    def __init__(self, key: bytes, clock: Clock, randomness: Randomness) -> None:
        """`key`: the house's permanent key. With another key no earlier token is recognised."""
        self._key = key
        self._clock = clock
        self._randomness = randomness

    def new(self, session: SessionId) -> str:
        """A new token for a browser that has none."""
        said = (self._clock.wall()).to_bytes(_TIME, "big") + self._randomness.bytes(_RANDOM)
        return base64.urlsafe_b64encode(said + self._mac(session, said)).decode().rstrip("=")

    def token(self, request: web.Request, name: str, session: SessionId) -> str:
        """The token in the cookie `name`; empty where there is none, or it wasn't made here for this session."""
        token = request.cookies.get(name, "")
        return token if _TOKEN.match(token) and self._made_here(token, session) else ""

    def hasty(self, token: str) -> bool:
        """Whether a token was made less than `floods.HASTY_MS` ago, too recently for a person to have read a page
        since. False for an empty token.
        """
        made = int.from_bytes(_bytes_of(token)[:_TIME], "big")
        return bool(token) and 0 <= self._clock.wall() - made < floods.HASTY_MS

    def _made_here(self, token: str, session: SessionId) -> bool:
        raw = _bytes_of(token)
        said, mac = raw[:-_MAC], raw[-_MAC:]
        return hmac.compare_digest(mac, self._mac(session, said))

    def _mac(self, session: SessionId, said: bytes) -> bytes:
        return hmac.digest(self._key, b"%b\0%b" % (session.encode(), said), hashlib.sha256)[:_MAC]


def new_form(randomness: Randomness) -> str:
    """A random id for one form, in base64url."""
    return base64.urlsafe_b64encode(randomness.bytes(_FORM_BYTES)).decode().rstrip("=")


def give(response: web.Response, name: str, token: str, *, path: str, secure: bool) -> None:
    """Set the token as a session cookie that scripts can't read (HttpOnly).

    SameSite is Lax, not Strict: a browser that follows a link from another site would send no Strict cookie, get a new
    token, and count twice.
    """
    response.set_cookie(name, token, path=path, httponly=True, samesite="Lax", secure=secure)


def _bytes_of(token: str) -> bytes:
    return base64.urlsafe_b64decode(f"{token}==")
