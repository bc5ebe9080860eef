"""`/bodies`: the bodies that deal with policy questions, what was sent to each, and what came back; and their feeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import hdrs, web
from babel.dates import format_date

from moothall.adapters.http.entity_tags import tagged
from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.outcomes.document_texts import DocumentText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, html, language, page_headers, refusal_for
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.programme.news_feed import NewsFeed, NewsItem, write_atom
from moothall.core.events.outcome_parts import SendingState
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import RecipientId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.outcomes.concerns import concerning, for_body
from moothall.core.outcomes.register import Recipient, Register
from moothall.services.outcomes.documents import Documents, ListedDocument
from moothall.services.programme.news import NewsKind, tag_of

MOST = 100
"""Versions in a feed. Overflow: the oldest are left out."""


@dataclass(eq=False, repr=False, kw_only=True)
class BodiesDoor:
    """Handlers of the register of bodies. `public`: the server's public address, without a slash at its end."""

    pages: Pages
    documents: Documents
    public: str

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/bodies", self.all), web.get("/bodies/{recipient}/outcomes.atom", self.feed)]

    async def all(self, request: web.Request) -> web.Response:
        """List the bodies."""
        ui = language(self.pages, request)
        try:
            register = await self.documents.register()
            listed = await self.documents.all()
        except StorageUnavailable:
            return refusal_for(request, HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        titles = {each.id: each for each in listed}
        bodies = sorted(register.recipients.values(), key=lambda each: (each.name.casefold(), each.id))
        page = self.pages.render(
            "outcomes/bodies.html",
            ui=ui,
            notice=ui.named("outcome/notice"),
            rows=[self._row(each, register, titles, ui) for each in bodies],
            in_language=lambda tag: f"/bodies?ui={tag}",
        )
        return html(page, ui)

    async def feed(self, request: web.Request) -> web.Response:
        """The versions of documents with something that concerns a body, as Atom."""
        ui = language(self.pages, request)
        try:
            register = await self.documents.register()
            recipient = register.recipients.get(RecipientId(request.match_info["recipient"]))
            if recipient is None:
                raise HttpProblem(404, DocumentText.NO_BODY)
            items = self._items(recipient, register, await self.documents.all())
        except StorageUnavailable:
            return refusal_for(request, HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        except HttpProblem as wrong:
            return refusal_for(request, wrong, self.pages, ui)
        feed = NewsFeed(
            id=f"{tag_of(self.public)}:bodies/{recipient.id}",
            title=ui.text(DocumentText.FOR_BODY, title=ui.text("Outcomes"), name=recipient.name),
            author=self.pages.look().name or ui.text("Outcomes"),
            language=ui.language,
            address=f"{self.public}{request.path}",
            page=f"{self.public}/bodies#{recipient.id}",
            items=tuple(items),
        )
        headers = {**page_headers(ui), **FOR_ANY_PAGE, hdrs.CONTENT_TYPE: "application/atom+xml; charset=utf-8"}
        return tagged(request, write_atom(feed).encode(), headers)

    def _items(self, recipient: Recipient, register: Register, listed: Sequence[ListedDocument]) -> list[NewsItem]:
        questions, found = concerning(register, recipient.id), list[NewsItem]()
        for each in listed:
            for version in each.document.versions:
                if for_body(version.paragraphs, questions):
                    address = f"{self.public}/outcomes/{each.id}?n={version.n}&body={quote(recipient.id)}"
                    item = NewsItem(
                        id=f"{tag_of(self.public)}:{each.id}/{version.n}/{recipient.id}",
                        kind=NewsKind.SEALED,
                        at=version.at,
                        title=each.title,
                        text=f"{each.title} ({version.n})",
                        address=address,
                    )
                    found.append(item)
        return sorted(found, key=lambda item: (-item.at, item.id))[:MOST]

    def _row(
        self, each: Recipient, register: Register, titles: dict[SessionId, ListedDocument], ui: Catalogue
    ) -> dict[str, object]:
        asked = [register.questions[name] for name in concerning(register, each.id) if name in register.questions]
        sent = [one for one in register.sendings.values() if one.recipient == each.id]
        return {
            "id": each.id,
            "name": each.name,
            "site": each.site,
            "issues": each.issues,
            "questions": [
                {"text": one.text, "language": one.language, "direction": direction(one.language)}
                for one in sorted(asked, key=lambda one: one.text)
            ],
            "sent": [
                {
                    "title": titles[one.document].title,
                    "language": titles[one.document].language,
                    "address": f"/outcomes/{one.document}?n={one.n}&body={quote(each.id)}",
                    "day": self._day(one.at, ui),
                }
                for one in sent
                if one.state is not SendingState.FAILED and one.document in titles
            ],
            "replies": [
                {
                    "text": one.text,
                    "language": one.language,
                    "direction": direction(one.language),
                    "address": one.address,
                    "day": self._day(one.at, ui),
                }
                for one in register.replies.values()
                if one.recipient == each.id
            ],
            "feed": f"/bodies/{quote(each.id)}/outcomes.atom",
        }

    def _day(self, at: int, ui: Catalogue) -> str:
        return str(format_date(self.pages.zone().at(at), "long", locale=ui.locale))
