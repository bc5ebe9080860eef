"""The cookie by which a door knows a browser again: a token that this house made, good for one session.

    base64url(time ‖ random ‖ mac)      time: when it was made, Unix ms, 6 bytes; random: 12 bytes;
                                        mac: HMAC-SHA256(key, session ‖ 0 ‖ time ‖ random), its first 12 bytes

So nobody can make browsers up: each is a page that was asked for, at a moment that the token tells.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from aiohttp import web

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock, Randomness
from moothall.core.questions import ballots

_TOKEN = re.compile(r"[A-Za-z0-9_-]{40}\Z")
_TIME, _RANDOM, _MAC = 6, 12, 12
_FORM_BYTES = 16


class Visitors:
    """Makes the tokens, and knows its own again."""

    def __init__(self, key: bytes, clock: Clock, randomness: Randomness) -> None:
        """`key`: the house's own, which stays: with another one nobody is known again."""
        self._key = key
        self._clock = clock
        self._randomness = randomness

    def new(self, session: SessionId) -> str:
        """A token for a browser that has none."""
        said = (self._clock.wall()).to_bytes(_TIME, "big") + self._randomness.bytes(_RANDOM)
        return base64.urlsafe_b64encode(said + self._mac(session, said)).decode().rstrip("=")

    def token(self, request: web.Request, name: str, session: SessionId) -> str:
        """The token in the cookie `name`; empty where there is none that was made here for this session."""
        token = request.cookies.get(name, "")
        return token if _TOKEN.match(token) and self._made_here(token, session) else ""

    def hasty(self, token: str) -> bool:
        """Whether one of ours was made so lately that nobody can have read a page since. Empty: nobody knows."""
        made = int.from_bytes(_bytes_of(token)[:_TIME], "big")
        return bool(token) and 0 <= self._clock.wall() - made < ballots.HASTY_MS

    def _made_here(self, token: str, session: SessionId) -> bool:
        raw = _bytes_of(token)
        said, mac = raw[:-_MAC], raw[-_MAC:]
        return hmac.compare_digest(mac, self._mac(session, said))

    def _mac(self, session: SessionId, said: bytes) -> bytes:
        return hmac.digest(self._key, b"%b\0%b" % (session.encode(), said), hashlib.sha256)[:_MAC]


def new_form(randomness: Randomness) -> str:
    """What tells a form from every other."""
    return base64.urlsafe_b64encode(randomness.bytes(_FORM_BYTES)).decode().rstrip("=")


def give(response: web.Response, name: str, token: str, *, path: str, secure: bool) -> None:
    """Have the browser keep a token until it is closed, out of reach of scripts and of what other sites send.

    Not Strict: a browser that follows a link from elsewhere would not send it, get a new one, and count twice.
    """
    response.set_cookie(name, token, path=path, httponly=True, samesite="Lax", secure=secure)


def _bytes_of(token: str) -> bytes:
    return base64.urlsafe_b64decode(f"{token}==")
