"""The cookie by which a door knows a browser again: a random token that is good for one part of one session."""

from __future__ import annotations

import base64
import re

from aiohttp import web

from moothall.core.ports import Randomness

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}\Z")
_BYTES = 16


def token_of(request: web.Request, name: str) -> str:
    """The token in the cookie `name`; empty where there is none that we could have made."""
    token = request.cookies.get(name, "")
    return token if _TOKEN.match(token) else ""


def new_token(randomness: Randomness) -> str:
    """A token for a browser that has none."""
    return base64.urlsafe_b64encode(randomness.bytes(_BYTES)).decode().rstrip("=")


def give(response: web.Response, name: str, token: str, *, path: str, secure: bool) -> None:
    """Have the browser keep a token until it is closed, out of reach of scripts and of what other sites send.

    Not Strict: whoever follows a link from elsewhere would come without it, be given a new one, and count twice.
    """
    response.set_cookie(name, token, path=path, httponly=True, samesite="Lax", secure=secure)
