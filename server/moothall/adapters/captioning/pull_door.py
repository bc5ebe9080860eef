"""Captions for programs that fetch them as from StreamText: `GET /captions?event=&last=&length=&language=`, and its
older form `GET /text-data.ashx?event=&last=`.

They get finished lines of a public text in pieces (`moothall.wire.captioning.pull`), as StreamText publishes it for the
first ("one line at a time", https://support.streamtext.net/hc/en-us/articles/4633531262989); later corrections don't
reach a program that has read the line already. Scripts for the second also handle letters and deletes, which are not
sent: a position means the same at every node and after a restart. A client that may not read the session is told that
there is none. For a public session, scripts of any page may ask.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.captioning.hls_door import headers_for, label_for
from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.reading.page_rows import whole_source_of
from moothall.adapters.reading.reader_routes import DoorRefusal, Readers
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.languages import same_language
from moothall.core.views.captions import Session
from moothall.wire.captioning.pull import DEFAULT_LENGTH, MOST_LENGTH, Basic, Pulled, PulledBefore, pull
from moothall.wire.close_codes import CloseCode

_UNKEPT = {hdrs.CACHE_CONTROL: "no-store"}


class PullDoor:
    """Handlers of both addresses."""

    def __init__(self, readers: Readers, catalogues: Catalogues) -> None:
        """`catalogues`: say what a translation is, in its language."""
        self._readers = readers
        self._catalogues = catalogues

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/captions", self.handle, allow_head=False),
            web.get("/text-data.ashx", self.older, allow_head=False),
        ]

    async def handle(self, request: web.Request) -> web.Response:
        """The next piece of a text."""
        return await self._piece(request, DEFAULT_LENGTH, lambda pulled: pulled)

    async def older(self, request: web.Request) -> web.Response:
        """The next piece in the older form: of any length, with its characters percent-encoded."""
        return await self._piece(request, MOST_LENGTH, as_before)

    async def _piece(self, request: web.Request, most: int, shape: Callable[[Pulled], object]) -> web.Response:
        query = request.query
        last, length = _whole(query.get("last", "-1")), number_in(query.get("length", str(most)), 4)
        event, language = query.get("event", ""), query.get("language", "")
        if last is None:
            return _refused("'last' is -1, or the number that the answer before gave as 'lastPosition'.")
        if length is None or not 0 < length <= MOST_LENGTH:
            return _refused(f"'length' is a whole number from 1 to {MOST_LENGTH}.")
        if not is_name(event):
            return _refused("'event' names the session, as in the address of its page.")
        session = SessionId(event)
        try:
            text = await self._readers.text(session, "", live=False)
            if not isinstance(text, DoorRefusal):
                channel = channel_in(text.view.session, language)
                if channel is None:
                    return _refused("The session has no text in this language.", 404)
                text = await self._readers.text(session, channel, live=False)
        except StorageUnavailable:
            return DoorRefusal(status=503, code=CloseCode.TRY_LATER, message="Try again in a while.").response()
        if isinstance(text, DoorRefusal):
            return text.response()
        view = text.view
        spoken = view.session.channels[text.feed.channel].languages
        pulled = pull(
            view,
            last,
            length,
            next(iter(spoken), language or "und"),
            source=partial(whole_source_of, ui=self._catalogues.choose(None, next(iter(spoken), ""))),
        )
        notice = label_for(view.session, text.feed.channel, view.newest, self._catalogues)
        if notice:  # It is what a program gets at first.
            pulled = msgspec.structs.replace(
                pulled, content=f"{notice} " if last < 0 else pulled.content, notice=notice
            )
        body = msgspec.json.encode(shape(pulled))
        answer = web.Response(body=body, content_type="application/json", headers=headers_for(view.session, 0))
        answer.headers[hdrs.CONTENT_LANGUAGE] = pulled.language_code
        return answer


def as_before(pulled: Pulled) -> PulledBefore:
    """Convert an answer to the older form."""
    pieces = (Basic(d=quote(pulled.content, safe="")),) if pulled.content else ()
    return PulledBefore(last_position=pulled.last_position, i=pieces)


def channel_in(session: Session, language: str) -> str | None:
    """The channel of a text in a language, or None. Channels with only this language come first; among those the floor,
    then an interpretation, then a translation. Without a language, the first channel.
    """
    if not language:
        return next(iter(session.channels), None)
    found = {
        name: len(each.languages) > 1
        for name, each in session.channels.items()
        if any(same_language(each_language, language) for each_language in each.languages)
    }
    order = {ChannelKind.FLOOR: 0, ChannelKind.INTERPRETATION: 1, ChannelKind.TRANSLATION: 2}
    return min(found, key=lambda name: (found[name], order[session.channels[name].kind]), default=None)


def _whole(text: str) -> int | None:
    return -1 if text == "-1" else number_in(text, 12)


def _refused(sentence: str, status: int = 400) -> web.Response:
    return web.Response(status=status, text=sentence + "\n", headers=_UNKEPT)
