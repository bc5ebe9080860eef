"""Entity tags (RFC 9110 §8.8.3), by which a client that has an answer already gets no bytes.

A module of its own, though short: doors of many packages answer with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from aiohttp import hdrs, web


def is_known(request: web.Request, tag: str) -> bool:
    """Whether the client has the answer with this tag, which is given without quotation marks."""
    return any(seen.value in (tag, "*") for seen in request.if_none_match or ())


def tagged(request: web.Request, body: bytes, headers: Mapping[str, str]) -> web.Response:
    """Answer with these bytes and their tag, compressed for a client that takes it so; with 304 where it has them."""
    tag = sha256(body).hexdigest()[:32]
    said = {hdrs.VARY: hdrs.ACCEPT_ENCODING, **headers, hdrs.ETAG: f'"{tag}"'}
    if is_known(request, tag):
        return web.Response(status=304, headers=said)
    response = web.Response(body=body, headers=said)
    response.enable_compression()
    return response
