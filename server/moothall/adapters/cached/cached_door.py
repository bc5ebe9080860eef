"""The endpoint for caches: GET /s/{session}/cached/{channel} and its pages, with the same bytes for everybody.

A cache in front (nginx or a CDN) asks at most once a second for what thousands of readers ask it for
(`moothall.wire.cached_feed`). So nothing here depends on who asks: cookies, Origin and query change nothing, and only
public sessions are served. The cache lifetimes are so short that removed words disappear from two caches in a row
within 10 s, even if nobody purges them.

To the fan-out all readers behind caches are one reader. So translations for readers are made, the session stays loaded,
and the encoded text is dropped as soon as anything happens in it, such as a removal.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from moothall.adapters.http.entity_tags import is_known
from moothall.adapters.reading.reader_routes import DoorRefusal, ReadableText, Readers
from moothall.core.events.types import Access
from moothall.core.kernel.errors import RecordBroken, Refusal, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.views.captions import CaptionsView
from moothall.services.reading.fanout import SessionFanout
from moothall.services.reading.feed import Subscription
from moothall.services.sessions.reader_access import ASKER
from moothall.wire.cached_feed import CachedFeed, tag
from moothall.wire.close_codes import CloseCode
from moothall.wire.frames import Format

CONTENTS_CONTROL = "public, max-age=1, s-maxage=1, stale-while-revalidate=1"
"""A cache asks once a second and serves what it has meanwhile: for 2 s, or 3 s by nginx, which counts whole seconds."""
PAGE_CONTROL = "public, max-age=0, s-maxage=2, stale-while-revalidate=1"
"""A page never changes, but may have to disappear. A cache revalidates it after 2 s, which transfers no body; it serves
a page for 3 s, or 4 s by nginx."""
GONE_CONTROL = "public, max-age=0, s-maxage=1"
"""For 404 answers, so that requests of a crowd for an old address stop at the cache."""
KEPT_MS = 10_000
"""A text that nobody has requested for so long is no longer followed."""
MOST_TEXTS = 64
"""The most texts that are followed. Overflow: the one that was requested longest ago is dropped."""


@dataclass(eq=False)
class CachedReader:
    """A text that is followed: the one reader that stands for all readers behind caches, and the outlet of its
    subscription.
    """

    fanout: SessionFanout
    asked: int
    """When it was last requested, in ms of the monotonic clock."""
    subscription: Subscription | None = None
    made: tuple[CaptionsView, CachedFeed] | None = field(default=None, repr=False)
    """The current view and its encoding; None once something has happened."""
    gone: bool = False

    def feed(self, view: CaptionsView) -> CachedFeed:
        """The encoded text of a view, cached until the next publication."""
        if self.made is None or self.made[0] is not view:
            self.made = (view, CachedFeed.of(view))
        return self.made[1]

    def leave(self) -> None:
        """Unsubscribe, and drop the encoding."""
        self.gone, self.made = True, None
        if self.subscription is not None:
            self.fanout.unsubscribe(self.subscription)

    # The interface of an outlet for the fan-out

    def write(self, _: bytes) -> None:
        """Drop the encoding: something has happened in the session."""
        self.made = None

    def get_write_buffer_size(self) -> int:
        """0: nothing ever waits to be sent."""
        return 0

    def is_closing(self) -> bool:
        """Whether the text is no longer followed."""
        return self.gone

    def abort(self) -> None:
        """Stop following: the session was unloaded, or is being loaded again."""
        self.gone, self.made = True, None


class CachedDoor:
    """Handlers for caches. The task `run` has to be running, so that texts that nobody requests are dropped."""

    def __init__(self, readers: Readers, *, most: int = MOST_TEXTS) -> None:
        self._readers = readers
        self._most = most
        self._followed: OrderedDict[tuple[SessionId, ChannelId], CachedReader] = OrderedDict()

    @property
    def followed(self) -> tuple[CachedReader, ...]:
        """The texts that are followed."""
        return tuple(self._followed.values())

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/cached/{channel}", self.contents, allow_head=False),
            web.get("/s/{session}/cached/{channel}/{page}", self.page, allow_head=False),
        ]

    async def contents(self, request: web.Request) -> web.Response:
        """The contents: the newest lines, and the names of all pages."""
        text = await self._text(request)
        if isinstance(text, DoorRefusal):
            return _refused(text)
        lost = text.fanout.source().lost
        body = (await self._feed(text)).encoded(lost=lost)
        return _answer(request, body, CONTENTS_CONTROL)

    async def page(self, request: web.Request) -> web.Response:
        """A page; 404 where the current text has no page of that name."""
        text = await self._text(request)
        if isinstance(text, DoorRefusal):
            return _refused(text)
        body = (await self._feed(text)).pages.get(request.match_info["page"])
        if body is None:
            message = "There is no such page of the text any more, or not yet. Its contents name those there are."
            return _refused(DoorRefusal(status=404, code=CloseCode.UNKNOWN_SESSION, message=message))
        return _answer(request, body, PAGE_CONTROL)

    async def run(self) -> None:
        """Stop following texts that nobody requests, until cancelled."""
        while True:
            await self._readers.clock.sleep(1_000)
            before = self._readers.clock.monotonic() - KEPT_MS
            for name, followed in list(self._followed.items()):
                if followed.asked <= before:
                    self._leave(name)

    async def _text(self, request: web.Request) -> ReadableText | DoorRefusal:
        """The text of a public session; refused otherwise. It ignores the requester's links, since the answer is
        shared.
        """
        reset = ASKER.set(())
        try:
            text = await self._readers.text(
                SessionId(request.match_info["session"]), request.match_info["channel"], live=False
            )
        finally:
            ASKER.reset(reset)
        if isinstance(text, ReadableText) and text.view.session.access is not Access.PUBLIC:
            message = "There is no such session here that everybody may read."
            return DoorRefusal(status=404, code=CloseCode.UNKNOWN_SESSION, message=message)
        if isinstance(text, ReadableText) and self._readers.online is not None:
            self._readers.online.not_counted(text.view.session.id)
        return text

    async def _feed(self, text: ReadableText) -> CachedFeed:
        name, now = (text.view.session.id, text.feed.channel), self._readers.clock.monotonic()
        followed = self._followed.get(name)
        if followed is None or followed.gone or followed.fanout is not text.fanout:
            self._leave(name)
            followed = self._followed[name] = CachedReader(text.fanout, now)
            if len(self._followed) > self._most:
                self._leave(next(iter(self._followed)))
            followed.subscription = await _subscribed(followed, text)
            if followed.subscription is None or followed.gone:
                followed.leave()  # Subscribing failed, or the text was dropped meanwhile; the next request tries again.
        followed.asked = now
        if not followed.gone:
            self._followed.move_to_end(name)
        return followed.feed(text.view)

    def _leave(self, name: tuple[SessionId, ChannelId]) -> None:
        followed = self._followed.pop(name, None)
        if followed is not None:
            followed.leave()


async def _subscribed(followed: CachedReader, text: ReadableText) -> Subscription | None:
    try:
        subscription = await text.fanout.subscribe(followed, text.feed, Format.SSE, text.view.position)
    except (StorageUnavailable, RecordBroken):  # The current text can be served anyway.
        return None
    return None if isinstance(subscription, Refusal) else subscription


def _answer(request: web.Request, body: bytes, control: str) -> web.Response:
    """The answer for everybody who asks for this address; 304 for a cache that has it."""
    etag = tag(body)
    headers = {hdrs.CACHE_CONTROL: control, hdrs.ETAG: f'"{etag}"'}
    if is_known(request, etag):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", headers=headers)


def _refused(refused: DoorRefusal) -> web.Response:
    response = refused.response()
    if refused.status == 404:
        response.headers[hdrs.CACHE_CONTROL] = GONE_CONTROL
    return response
