"""The door for caches: GET /s/{session}/cached/{channel} and its pages, the same bytes for everybody.

A cache in front (nginx, or a CDN) asks once a second at most for what thousands of readers ask it for
(`moothall.wire.cached_feed`). So nothing here looks at who asks: a cookie, an origin and a query change nothing, and
only sessions that everybody may read are here. How long a cache may keep an answer is short enough that what was
removed is gone from two caches in a row within 10 s, whether or not anybody purges them.

All who read behind caches are one reader to the fan-out: what is translated for readers is made, the session stays
loaded, and what was made of the text is dropped as soon as anything happens in it, a removal among the rest.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from moothall.adapters.reading.reader_routes import Readers, Refused, Text
from moothall.core.events.types import Access
from moothall.core.kernel.errors import RecordBroken, Refusal, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.views.captions import CaptionsView
from moothall.services.readers.fanout import SessionFanout
from moothall.services.readers.feed import Subscription
from moothall.services.sessions.reader_access import ASKER
from moothall.wire.cached_feed import CachedFeed, tag
from moothall.wire.close_codes import CloseCode
from moothall.wire.frames import Format

CONTENTS_CONTROL = "public, max-age=1, s-maxage=1, stale-while-revalidate=1"
"""A cache asks once a second, and gives everybody else what it has meanwhile: for 2 s, and nginx, which counts in whole
seconds, for 3."""
PAGE_CONTROL = "public, max-age=0, s-maxage=2, stale-while-revalidate=1"
"""A page never changes, but may have to go. It is asked for again after 2 s, and costs no bytes then: it is given out
for 3 s, by nginx for 4."""
GONE_CONTROL = "public, max-age=0, s-maxage=1"
"""Of an address that leads nowhere, so that a crowd that still knows it doesn't come here."""
KEPT_MS = 10_000
"""A text that nobody has asked for so long is followed no more."""
MOST_TEXTS = 64
"""Texts that are followed. Overflow: the one that was asked for longest ago is followed no more."""


@dataclass(eq=False)
class Followed:
    """The one reader that stands for all who read a text behind caches; the outlet of its subscription."""

    fanout: SessionFanout
    asked: int
    """When it was asked for last, ms of the monotonic clock."""
    subscription: Subscription | None = None
    made: tuple[CaptionsView, CachedFeed] | None = field(default=None, repr=False)
    """What was made of the text as it is; None once something has happened."""
    gone: bool = False

    def feed(self, view: CaptionsView) -> CachedFeed:
        """What caches may have of the text."""
        if self.made is None or self.made[0] is not view:
            self.made = (view, CachedFeed.of(view))
        return self.made[1]

    def leave(self) -> None:
        """Follow it no more."""
        self.gone, self.made = True, None
        if self.subscription is not None:
            self.fanout.unsubscribe(self.subscription)

    # What the fan-out needs of an outlet

    def write(self, _: bytes) -> None:
        """Something has happened."""
        self.made = None

    def get_write_buffer_size(self) -> int:
        """It keeps up."""
        return 0

    def is_closing(self) -> bool:
        """Whether it is followed no more."""
        return self.gone

    def abort(self) -> None:
        """The session has ended here, or is loaded anew."""
        self.gone, self.made = True, None


class CachedDoor:
    """Answers caches. `run` has to be running, so that texts that nobody asks for are left."""

    def __init__(self, readers: Readers, *, most: int = MOST_TEXTS) -> None:
        self._readers = readers
        self._most = most
        self._followed: OrderedDict[tuple[SessionId, ChannelId], Followed] = OrderedDict()

    @property
    def followed(self) -> tuple[Followed, ...]:
        """The texts that are followed."""
        return tuple(self._followed.values())

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/s/{session}/cached/{channel}", self.contents, allow_head=False),
            web.get("/s/{session}/cached/{channel}/{page}", self.page, allow_head=False),
        ]

    async def contents(self, request: web.Request) -> web.Response:
        """The newest lines, and the names of all pages."""
        text = await self._text(request)
        if isinstance(text, Refused):
            return _refused(text)
        lost = text.fanout.source().lost
        body = (await self._feed(text)).encoded(lost=lost)
        return _answer(request, body, CONTENTS_CONTROL)

    async def page(self, request: web.Request) -> web.Response:
        """A page; 404 for one that isn't a page of the text as it is now."""
        text = await self._text(request)
        if isinstance(text, Refused):
            return _refused(text)
        body = (await self._feed(text)).pages.get(request.match_info["page"])
        if body is None:
            message = "There is no such page of the text any more, or not yet. Its contents name those there are."
            return _refused(Refused(status=404, code=CloseCode.UNKNOWN_SESSION, message=message))
        return _answer(request, body, PAGE_CONTROL)

    async def run(self) -> None:
        """Leave the texts that nobody asks for, until cancelled."""
        while True:
            await self._readers.clock.sleep(1_000)
            before = self._readers.clock.monotonic() - KEPT_MS
            for name, followed in list(self._followed.items()):
                if followed.asked <= before:
                    self._leave(name)

    async def _text(self, request: web.Request) -> Text | Refused:
        """The text, where everybody may read it: the answer is given to all, whatever links this asker has opened."""
        reset = ASKER.set(())
        try:
            text = await self._readers.text(
                SessionId(request.match_info["session"]), request.match_info["channel"], live=False
            )
        finally:
            ASKER.reset(reset)
        if isinstance(text, Text) and text.view.session.access is not Access.PUBLIC:
            message = "There is no such session here that everybody may read."
            return Refused(status=404, code=CloseCode.UNKNOWN_SESSION, message=message)
        return text

    async def _feed(self, text: Text) -> CachedFeed:
        name, now = (text.view.session.id, text.feed.channel), self._readers.clock.monotonic()
        followed = self._followed.get(name)
        if followed is None or followed.gone or followed.fanout is not text.fanout:
            self._leave(name)
            followed = self._followed[name] = Followed(text.fanout, now)
            if len(self._followed) > self._most:
                self._leave(next(iter(self._followed)))
            followed.subscription = await _subscribed(followed, text)
            if followed.subscription is None or followed.gone:
                followed.leave()  # It can't be followed, or was left meanwhile: whoever asks next tries it again.
        followed.asked = now
        if not followed.gone:
            self._followed.move_to_end(name)
        return followed.feed(text.view)

    def _leave(self, name: tuple[SessionId, ChannelId]) -> None:
        followed = self._followed.pop(name, None)
        if followed is not None:
            followed.leave()


async def _subscribed(followed: Followed, text: Text) -> Subscription | None:
    try:
        subscription = await text.fanout.subscribe(followed, text.feed, Format.SSE, text.view.position)
    except (StorageUnavailable, RecordBroken):  # The text that is there can be given all the same.
        return None
    return None if isinstance(subscription, Refusal) else subscription


def _answer(request: web.Request, body: bytes, control: str) -> web.Response:
    """The same for everybody who asks for that address; 304 for a cache that has it."""
    etag = tag(body)
    headers = {hdrs.CACHE_CONTROL: control, hdrs.ETAG: f'"{etag}"'}
    if any(etag == known.value for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", headers=headers)


def _refused(refused: Refused) -> web.Response:
    response = refused.response()
    if refused.status == 404:
        response.headers[hdrs.CACHE_CONTROL] = GONE_CONTROL
    return response
