"""`/news.atom` and `/news.json`: what is new of the public sessions, their plans and their records, to subscribe to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import nlargest
from urllib.parse import urlencode

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.entity_tags import tagged
from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, language, page_headers, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.programme.news_feed import NewsFeed, NewsItem, write_atom, write_json_feed
from moothall.adapters.programme.rows import AgendaRows, PublicSession, title_of
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import same_language
from moothall.core.programme.plan import RoomId
from moothall.services.programme.news import Happened, NewsKind, happened, planned, tag_of
from moothall.services.sessions.catalogue import Entry, ListPublic

MOST = 100
"""Items of a feed. Overflow: the oldest are left out."""
FILTERS = ("room", "language", "session", "speaker")
ATOM, JSON_FEED = "application/atom+xml", "application/feed+json"


class NewsSpeaker(msgspec.Struct, frozen=True):
    """A person who has a public page."""

    name: str
    sessions: frozenset[SessionId]
    """The public sessions in which they spoke."""
    listed: bool
    """Whether search engines may list what is said of them."""


class NewsText:
    """Keys of the sentences of news."""

    BEGUN = "The meeting has begun. Its text can be read live."
    CLOSED = "The meeting is over. Its text can be read and taken home."
    SEALED = "A version of the text is complete: {version}"
    MENDED = "The text was corrected after the meeting."
    WITHDRAWN = "Words of this meeting were removed for good. Please remove them wherever you have passed them on."


@dataclass(eq=False, repr=False, kw_only=True)
class NewsDoor:
    """Handlers of news. `public`: the server's public address, without a slash at its end; `house`: the conference's
    name, empty for none; `speaker_of`: the person with an id, None where they have no public page. It may raise
    StorageUnavailable.
    """

    pages: Pages
    rows: AgendaRows
    listed: ListPublic
    public: str
    house: Callable[[], str]
    speaker_of: Callable[[str], NewsSpeaker | None]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/news.atom", self.atom), web.get("/news.json", self.json)]

    async def atom(self, request: web.Request) -> web.Response:
        """The news as Atom."""
        return await self._answer(request, ATOM, lambda feed: write_atom(feed).encode())

    async def json(self, request: web.Request) -> web.Response:
        """The news as JSON Feed."""
        return await self._answer(request, JSON_FEED, write_json_feed)

    async def _answer(self, request: web.Request, kind: str, write: Callable[[NewsFeed], bytes]) -> web.Response:
        ui = language(self.pages, request)
        try:
            sessions = self.rows.public(await self.listed())
            speaker = self._speaker(request)
            feed = self._feed(request, sessions, ui, speaker)
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        headers = {**page_headers(ui), **FOR_ANY_PAGE, hdrs.CONTENT_TYPE: f"{kind}; charset=utf-8"}
        if speaker is not None and not speaker.listed:
            headers["X-Robots-Tag"] = "noindex"
        return tagged(request, write(feed), headers)

    def _speaker(self, request: web.Request) -> NewsSpeaker | None:
        """The person whom an address names; None where it names none. Raises HttpProblem for one without a page."""
        wanted = request.query.get("speaker")
        found = self.speaker_of(wanted) if wanted else None
        if wanted and found is None:
            raise HttpProblem(404, ErrorText.NOTHING)
        return found

    def _feed(
        self, request: web.Request, sessions: list[PublicSession], ui: Catalogue, speaker: NewsSpeaker | None
    ) -> NewsFeed:
        """The feed that an address names. Raises HttpProblem for a room or session that public lists don't have."""
        wanted = {name: request.query[name] for name in FILTERS if request.query.get(name)}
        found, about = sessions, list[str]()
        if (room := wanted.get("room")) is not None:
            known = self.rows.programme.room(RoomId(room))
            if known is None:
                raise HttpProblem(404, ErrorText.NO_SESSION)
            about.append(known.title)
            found = [each for each in found if each.plan is not None and each.plan.room == room]
        if (tag := wanted.get("language")) is not None:
            about.append(ui.language_name(tag))
            found = [each for each in found if any(same_language(tag, other) for other in self._languages(each))]
        if (name := wanted.get("session")) is not None:
            found = [each for each in found if each.entry.session == name]
            if not found:
                raise HttpProblem(404, ErrorText.NO_SESSION)
            about.append(title_of(found[0].entry, ui))
        if speaker is not None:
            about.append(speaker.name)
            found = [each for each in found if each.entry.session in speaker.sessions]
        items = sorted(self._items(found, ui), key=lambda item: (-item.at, item.id))[:MOST]
        name = self.house() or ui.text("Agenda")
        query = urlencode({**wanted, "ui": ui.language})
        return NewsFeed(
            id=f"{self._tag}:news" + "".join(f"/{key}/{value}" for key, value in wanted.items()),
            title=" · ".join((name, *about)),
            author=name,
            language=ui.language,
            address=f"{self.public}{request.path}?{query}",
            page=f"{self.public}{'/agenda' if speaker is None else '/speakers/' + wanted['speaker']}?ui={ui.language}",
            items=tuple(items),
        )

    @property
    def _tag(self) -> str:
        """The beginning of all ids (RFC 4151)."""
        return tag_of(self.public)

    def _languages(self, each: PublicSession) -> tuple[str, ...]:
        """The languages that are spoken in a session, and those in which it can be read."""
        return (*each.entry.languages, *self.rows.readable(each.entry.session, each.entry.languages))

    def _items(self, sessions: list[PublicSession], ui: Catalogue) -> Iterator[NewsItem]:
        known = {each.entry.session: each.entry for each in sessions}
        said = dict(self.rows.changed(sessions, ui))
        for each in planned(said):
            yield self._item(known[each.session], each, said[each.change] if each.change else "", ui)
        # What is older than this cannot be among the newest items.
        for entry in nlargest(MOST, known.values(), key=lambda entry: entry.changed or 0):
            for each in happened(entry):
                yield self._item(entry, each, _said(each, ui), ui)

    def _item(self, of: Entry, each: Happened, said: str, ui: Catalogue) -> NewsItem:
        return NewsItem(
            id=f"{self._tag}:{of.session}/{each.key}",
            kind=each.kind,
            at=each.at,
            title=title_of(of, ui),
            text=said,
            address=f"{self.public}/s/{of.session}",
        )


def _said(each: Happened, ui: Catalogue) -> str:
    match each.kind:
        case NewsKind.BEGUN:
            return ui.text(NewsText.BEGUN)
        case NewsKind.CLOSED:
            return ui.text(NewsText.CLOSED)
        case NewsKind.SEALED if each.seal is not None:
            return ui.text(NewsText.SEALED, version=ui.named(f"reader/seal.{each.seal.version}"))
        case NewsKind.MENDED:
            return ui.text(NewsText.MENDED)
        case _:
            return ui.text(NewsText.WITHDRAWN)
