"""Captions by HTTP posts: `POST /closedcaption` in Zoom's format, `POST /captions` in StreamText's.

Programs that support Zoom append `seq` and `lang` to the address that they were given and ask `/closedcaption/seq` for
the last number; some of them put that path at the root of the server. So the path is Zoom's, and the rest is in the
query: `/closedcaption?session=…&key=…`. The answers are those that such programs expect: the time for an accepted post,
400 where the session takes no lines, 403 for a wrong key or a used number, 405 for another method.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import hdrs, web

from moothall.adapters.captioning.keys import CaptionKeys
from moothall.adapters.http.bodies import up_to
from moothall.adapters.http.forwarded import AddressOf
from moothall.core.captioning.charsets import CHARSETS, known_charset
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.ports import Clock
from moothall.services.captioning.caption_streams import MOST_BYTES, CaptionStreams, Form, Post, TextStream

STATUS = {
    RefusalCode.FORBIDDEN: 403,
    RefusalCode.UNKNOWN: 404,
    RefusalCode.INVALID: 400,
    RefusalCode.CONFLICT: 400,
    RefusalCode.BREAK: 400,
    RefusalCode.STALE: 403,
    RefusalCode.BUSY: 429,
    RefusalCode.UNAVAILABLE: 503,
}
AGAIN_S = 2
MOST_SEQ = 10**12
NOTICE = "Caption-Notice"
"""A response header that says why nothing of a post is kept, or what of it was left out."""
_NOT_KEPT = {hdrs.CACHE_CONTROL: "no-store"}


class PostsDoor:
    """Handlers of both addresses."""

    def __init__(self, keys: CaptionKeys, streams: CaptionStreams, clock: Clock, address_of: AddressOf) -> None:
        self._keys = keys
        self._streams = streams
        self._clock = clock
        self._address_of = address_of

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.post("/closedcaption", self.caption),
            web.get("/closedcaption/seq", self.seq, allow_head=False),
            web.post("/captions", self.stream),
        ]

    async def caption(self, request: web.Request) -> web.Response:
        """Store a caption in Zoom's format; the answer is the time at which it was accepted."""
        if _seq(request) is None:
            return _sentence(400, "The address needs 'seq', the number of the post.")
        return await self._take(request, Form.CAPTIONS)

    async def stream(self, request: web.Request) -> web.Response:
        """Store the next characters of a stream in StreamText's format."""
        return await self._take(request, Form.STREAM)

    async def seq(self, request: web.Request) -> web.Response:
        """The number of the last accepted post; 0 where there was none."""
        stream = await self._open(request)
        return _refused(stream) if isinstance(stream, Refusal) else _sentence(200, str(stream.seq), end="")

    async def _open(self, request: web.Request) -> TextStream | Refusal:
        query = request.query
        where = query.get("session", ""), query.get("channel", "")
        return await self._keys.open(self._address_of(request), query.get("key", ""), *where)

    async def _take(self, request: web.Request, form: Form) -> web.Response:
        stream = await self._open(request)
        if isinstance(stream, Refusal):
            return _refused(stream)
        seq = _seq(request)
        if "seq" in request.query and seq is None:
            return _sentence(400, f"'seq' is a whole number from 1 to {MOST_SEQ}.")
        charset = known_charset(request.charset or "utf-8")
        if charset is None:
            return _sentence(415, f"This charset is not read here. Send UTF-8; these are read: {', '.join(CHARSETS)}.")
        if (request.content_length or 0) > MOST_BYTES:
            return _sentence(413, f"A post can have at most {MOST_BYTES} bytes.")
        body = await up_to(request.content, MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            return _sentence(413, f"A post can have at most {MOST_BYTES} bytes.")
        language = request.query.get("lang", "")[:35]
        taken = await self._streams.put(stream, Post(body=body, charset=charset, language=language, seq=seq, form=form))
        if isinstance(taken, Refusal):
            return _refused(taken)
        now = datetime.fromtimestamp(self._clock.wall() / 1000, UTC)
        answer = _sentence(200, now.isoformat(timespec="milliseconds").replace("+00:00", "Z"), end="")
        if taken.sentence:
            answer.headers[NOTICE] = taken.sentence
        return answer


def _seq(request: web.Request) -> int | None:
    number = number_in(request.query.get("seq", ""), len(str(MOST_SEQ)))
    return number if number is not None and 0 < number <= MOST_SEQ else None


def _refused(refusal: Refusal) -> web.Response:
    answer = _sentence(STATUS[refusal.code], refusal.message)
    if answer.status in (429, 503):
        answer.headers[hdrs.RETRY_AFTER] = str(AGAIN_S)
    return answer


def _sentence(status: int, text: str, *, end: str = "\n") -> web.Response:
    return web.Response(status=status, text=text + end, headers=_NOT_KEPT)
