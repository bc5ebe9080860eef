"""`/speakers/{person}`: the public page of a person who spoke, and their own page behind a private link, on which they
switch it off.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web
from babel.dates import format_date

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.request_context import HttpProblem, language, own_html, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import DoorText, ErrorText
from moothall.adapters.pages.visitor_request import private, see_other
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.search.choosing import SearchedSession
from moothall.core.search.people import KnownSpeaker
from moothall.services.search.people import KnownSpeakers
from moothall.services.sessions.catalogue import Entry


@dataclass(eq=False, repr=False, kw_only=True)
class PeopleDoor:
    """Handlers of both pages. `known` returns what the index knows of sessions, `entry` a session's entry in the
    catalogue once `fill` has filled it, `now` the time in Unix ms.
    """

    pages: Pages
    people: KnownSpeakers
    known: Callable[[], Mapping[SessionId, SearchedSession]]
    entry: Callable[[SessionId], Entry | None]
    fill: Callable[[], Awaitable[None]]
    gate: AddressGate
    address_of: AddressOf
    now: Callable[[], int]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/speakers/{person}", self.page),
            web.get("/speakers/{person}/own/{secret}", self.own),
            web.post("/speakers/{person}/own/{secret}", self.switch),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """The sessions in which a person spoke. 404 for nobody, and for whoever has switched it off."""
        ui = language(self.pages, request)
        try:
            await self.fill()
            person = self.people.shown(request.match_info["person"])
            if person is None:
                raise HttpProblem(404, ErrorText.NOTHING)
            sessions = self._sessions(person)
        except StorageUnavailable:
            response = refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
            response.headers[hdrs.RETRY_AFTER] = "10"
            return response
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        zone = self.pages.zone()
        rows = []
        for session in sessions:
            entry = self.entry(session.session)
            rows.append(
                {
                    "address": f"/s/{session.session}{ui.query}",
                    "title": session.title.strip() or ui.text("Meeting without a title"),
                    "language": entry.languages[0] if session.title.strip() and entry and entry.languages else "",
                    "day": ""
                    if session.opened is None
                    else format_date(zone.at(session.opened), "long", locale=ui.locale),
                }
            )
        text = self.pages.render(
            "reader/speaker.html",
            ui=ui,
            person=person,
            rows=rows,
            kept=ui.kept,
            in_language=lambda tag: f"/speakers/{person.id}?ui={tag}",
        )
        response = own_html(text, ui)
        if not person.listed:
            response.headers["X-Robots-Tag"] = "noindex"
        return response

    async def own(self, request: web.Request) -> web.Response:
        """A person's own page, on which they switch their public page off, or on again."""
        ui = language(self.pages, request)
        try:
            person = self._person(request)
        except HttpProblem as wrong:
            return private(refusal(wrong, self.pages, ui))
        text = self.pages.render(
            "reader/speaker_own.html",
            ui=ui,
            person=person,
            action=request.path + ui.query,
            address=f"/speakers/{person.id}{ui.query}",
            in_language=lambda tag: f"{request.path}?ui={tag}",
        )
        return private(own_html(text, ui))

    async def switch(self, request: web.Request) -> web.Response:
        """Switch the public page off, or on again; or ask for one's words to be removed, or not any more."""
        ui = language(self.pages, request)
        try:
            person = self._person(request)
            sent = await request.post()
            if (wish := sent.get("removal")) is not None:
                await self.people.wish_removal(person, self.now() if wish == "yes" else 0)
            else:
                await self.people.show(person, shown=sent.get("shown") == "yes")
        except StorageUnavailable:
            return private(refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui))
        except HttpProblem as wrong:
            return private(refusal(wrong, self.pages, ui))
        return private(see_other(request.path + ui.query))

    def _person(self, request: web.Request) -> KnownSpeaker:
        """The person whose private link it is. Raises HttpProblem."""
        if self.gate.take(self.address_of(request)):
            raise HttpProblem(429, DoorText.OFTEN)
        person = self.people.find(request.match_info["person"])
        if person is None or not person.opened_by(request.match_info["secret"]):
            raise HttpProblem(404, ErrorText.NOTHING)
        return person

    def _sessions(self, person: KnownSpeaker) -> list[SearchedSession]:
        """The sessions of a person that everybody may read now. Raises StorageUnavailable."""
        sessions = self.people.sessions_of(person, self.known())
        return [each for each in sessions if (entry := self.entry(each.session)) is not None and entry.listed]
