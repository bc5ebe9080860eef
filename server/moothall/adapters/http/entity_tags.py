"""Entity tags (RFC 9110 §8.8.3), by which a client that has an answer already gets no bytes.

A tag is the digest of the bytes, or of what a door says decides on them: equal tags, equal answers. So they are the
same after a restart, and at each node.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

MOST_TAGGED = 1 << 20
"""Bytes of the largest answer that gets a tag here, which takes a millisecond. Doors of larger ones know a cheaper one.
"""
_WITHOUT = frozenset({hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH, hdrs.CONTENT_DISPOSITION, hdrs.CONTENT_ENCODING})
"""Headers of bytes, which an answer without bytes doesn't have."""


def is_known(request: web.Request, tag: str) -> bool:
    """Whether the client has the answer with this tag, which is given without quotation marks."""
    return any(seen.value in (tag, "*") for seen in request.if_none_match or ())


def tagged(request: web.Request, body: bytes, headers: Mapping[str, str]) -> web.Response:
    """Answer with these bytes and their tag, compressed for a client that takes it so; with 304 where it has them.

    The compressed form has the tag of the plain one: none of them is given in ranges, which a strong tag would join.
    """
    tag = entity_tag(body)
    said = {hdrs.VARY: hdrs.ACCEPT_ENCODING, **headers, hdrs.ETAG: f'"{tag}"'}
    if is_known(request, tag):
        return web.Response(status=304, headers=said)
    response = web.Response(body=body, headers=said)
    response.enable_compression()
    return response


def tag_answers() -> Middleware:
    """A middleware that gives a tag to every answer that has none and may be kept: to no stream, no answer that no
    cache stores or that is kept for ever, and none with a cookie, which is one visitor's.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not isinstance(response, web.Response) or not _may_have_tag(request, response):
            return response
        body = response.body
        if not isinstance(body, bytes) or len(body) > MOST_TAGGED:
            return response
        return with_tag(request, response, entity_tag(body))

    return middleware


def with_tag(request: web.Request, response: web.Response, tag: str) -> web.Response:
    """Give a tag to an answer; 304 in its place where the client has it."""
    response.headers[hdrs.ETAG] = f'"{tag}"'
    if not is_known(request, tag):
        return response
    headers = {name: value for name, value in response.headers.items() if name not in _WITHOUT}
    return web.Response(status=304, headers=headers)


def _may_have_tag(request: web.Request, response: web.Response) -> bool:
    said = response.headers.get(hdrs.CACHE_CONTROL, "")
    kept = "no-store" not in said and "immutable" not in said
    asked = request.method in (hdrs.METH_GET, hdrs.METH_HEAD) and response.status == 200
    return kept and asked and not response.cookies and hdrs.ETAG not in response.headers


def entity_tag(body: bytes) -> str:
    """The tag of these bytes, without quotation marks."""
    return sha256(body).hexdigest()[:32]
