"""`/admin/documents`: the secretariat says of what a document is made, and has its next version published.

`/admin/translations`: it enters people's translations of newest versions of reports and documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from aiohttp import web
from babel.dates import format_date

from moothall.adapters.admin.plan_form import form_time, time_of
from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, newest, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.outcomes.document_texts import FORMS, assembly_words
from moothall.adapters.outcomes.machine_made import NAME
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.events.outcome_parts import DocumentForm, TranslatedText
from moothall.core.events.types import LogKind
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, PolicyQuestionId, SessionId, is_name
from moothall.core.kernel.languages import direction, primary
from moothall.core.kernel.times import Zone
from moothall.core.outcomes.commands import EnterTranslation, StateDocument
from moothall.core.outcomes.document_rules import MOST_PARAGRAPHS, TOO_LONG
from moothall.core.outcomes.translations import MAX_NAME, MAX_TEXT
from moothall.services.outcomes.documents import OF_THE_YOUNG, Documents, ListedDocument
from moothall.services.outcomes.machine_translations import SourceText, placed_in_document, placed_in_report
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import actor_of

PATH = "/admin/documents"


class DocumentsDeskText:
    """Message keys of the sentences that handlers show."""

    NAME = "A name has letters, digits, full stops, hyphens and underscores, and belongs to one thing only."
    DAYS = "Write the first and the last day like 2026-12-01, the first one not after the last."
    EMPTY = "Nothing can be published: no meeting of these days has a report or a policy question."
    LONG = "Nothing is published: it would have more than {n} paragraphs. Choose fewer days."
    TITLE = "A document needs a title."
    YOUNG = (
        "Whether young people take part is decided when a document is made, and stays. Make another one under a new "
        "name."
    )


@dataclass(eq=False, repr=False, kw_only=True)
class DocumentsDeskDoor:
    """Handlers of the page."""

    pages: StaffPages
    documents: Documents

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/documents", self.show),
            web.post("/admin/documents", self.state),
            web.post("/admin/documents/{document}/publish", self.publish),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show all documents, and the form for one; `change` names that which the form changes."""
        return await self._page(asked, change=request.query.get("change", ""))

    @staff_page(runs_the_house)
    async def state(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Set of what the document `name` is made: `title`, `kind`, `first`, `last`, until when
        `comments` are taken, for `young_people` or not, and any number of `question`.
        """
        sent = await self.pages.sent(request)
        fields = self.pages.checked(sent, asked)
        form = next((each for each in DocumentForm if each == fields.get("kind")), None)
        if form is None:
            raise AdminProblem(400, AdminText.FORM)
        title = " ".join(fields.get("title", "").split())
        if not title:
            return await self._page(asked, DocumentsDeskText.TITLE, given=sent)
        before = await self.documents.find(fields.get("name", "").strip())
        zone = self.pages.pages.zone()
        until = time_of(fields, "comments", None if before is None else before.document.comments_until, zone)
        if isinstance(until, str):
            return await self._page(asked, AdminText.EXPIRES, given=sent)
        stated = StateDocument(
            form=form,
            comments_until=until,
            since=fields.get("first", "").strip(),
            until=fields.get("last", "").strip(),
            questions=tuple(map(PolicyQuestionId, sent.get("question", ()))),
        )
        by = Actor(Role.SECRETARIAT, asked.staff[0].link)
        name, young_people = fields.get("name", "").strip(), "young_people" in fields
        refused = await self.documents.state(name, title, stated, by, young_people=young_people)
        if refused is OF_THE_YOUNG:
            return await self._page(asked, DocumentsDeskText.YOUNG, given=sent)
        if refused is not None:
            days = refused.message.startswith("Name the first")
            return await self._page(asked, DocumentsDeskText.DAYS if days else DocumentsDeskText.NAME, given=sent)
        return see_other(asked.to(PATH))

    @staff_page(runs_the_house)
    async def publish(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make and publish the next version of a document, in the language of this page."""
        fields = await self.pages.form(request, asked)
        if not self.pages.once(fields):
            return see_other(asked.to(PATH))
        refused = await self.documents.publish(SessionId(request.match_info["document"]), assembly_words(asked.ui))
        if isinstance(refused, Refusal):
            if refused.code is RefusalCode.UNKNOWN:
                raise AdminProblem(404, AdminText.GONE)
            return await self._page(asked, DocumentsDeskText.LONG if refused == TOO_LONG else DocumentsDeskText.EMPTY)
        return see_other(asked.to(PATH))

    async def _page(
        self,
        asked: AdminRequest,
        problem: str = "",
        *,
        change: str = "",
        given: Mapping[str, Sequence[str]] | None = None,
    ) -> web.Response:
        listed = await self.documents.all()
        register = await self.documents.register()
        changed = next((each for each in listed if each.id == change), None)
        fields = newest(given) if given is not None else _fields(changed, self.pages.pages.zone())
        chosen = frozenset((given or {}).get("question", () if changed is None else changed.document.questions))
        return self.pages.show(
            "outcomes/admin_documents.html",
            asked,
            status=409 if problem else 200,
            problem=asked.ui.text(problem, n=MOST_PARAGRAPHS) if problem else "",
            notice=asked.ui.named("outcome/notice"),
            rows=[self._row(each, asked) for each in listed],
            given=fields,
            zone=self.pages.pages.zone().name,
            forms=[{"name": form.value, "text": asked.ui.text(key)} for form, key in FORMS.items()],
            questions=[
                {
                    "id": each.id,
                    "text": each.text,
                    "language": each.language,
                    "direction": direction(each.language),
                    "chosen": each.id in chosen,
                }
                for each in register.questions.values()
            ],
        )

    def _row(self, each: ListedDocument, asked: AdminRequest) -> dict[str, object]:
        newest_version = each.document.newest
        about = ""
        if newest_version is not None:
            when = format_date(self.pages.pages.zone().at(newest_version.at), "long", locale=asked.ui.locale)
            about = asked.ui.text("Version {n}, {date}", n=newest_version.n, date=when)
        return {
            "id": each.id,
            "title": each.title,
            "language": each.language,
            "form": asked.ui.text(FORMS[each.document.form]),
            "days": f"{each.document.since} \N{EN DASH} {each.document.until}",
            "about": about,
            "desk": asked.to(f"/moderate/{quote(each.id)}") if each.document.comments_until is not None else "",
            "waiting": [
                {
                    "number": one.intervention.number,
                    "paragraph": one.paragraph,
                    "text": one.intervention.text,
                    "language": one.intervention.language,
                    "direction": direction(one.intervention.language),
                }
                for one in each.waiting
            ],
        }


def _fields(changed: ListedDocument | None, zone: Zone) -> dict[str, str]:
    if changed is None:
        return {}
    document = changed.document
    return {
        "name": changed.id,
        "title": changed.title,
        "kind": document.form.value,
        "first": document.since,
        "last": document.until,
        "comments": form_time(document.comments_until, zone),
        **({"young_people": "1"} if changed.young_people else {}),
    }


class TranslationsDeskText:
    """Message keys of the sentences that handlers show."""

    REFUSED = (
        "Each text needs its translation, and the translation a language other than the original's and the name of "
        "whoever vouches for it."
    )


class Published(NamedTuple):
    """The newest version of a report or document."""

    live: LiveSession
    n: int
    placed: tuple[tuple[str, SourceText], ...]
    address: str


@dataclass(eq=False, repr=False)
class TranslationsDeskDoor:
    """Handlers of the page."""

    pages: StaffPages
    documents: Documents

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/translations/{log}", self.show),
            web.post("/admin/translations/{log}", self.enter),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the texts of the newest version, each with a field for its translation."""
        return self._page(asked, await self._published(request), {})

    @staff_page(runs_the_house)
    async def enter(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Enter a translation of version `n`: `language`, `name` of who vouches, and each text by its place."""
        fields = await self.pages.form(request, asked)
        found = await self._published(request)
        command = EnterTranslation(
            n=found.n if fields.get("n") == str(found.n) else 0,
            language=fields.get("language", "").strip(),
            name=fields.get("name", ""),
            texts=tuple(
                TranslatedText(place, text) for place, _ in found.placed if (text := fields.get(place, "").strip())
            ),
        )
        name = CommandId(f"translate-{hashlib.sha256(fields[FIELD].encode()).hexdigest()[:24]}")
        answer = await found.live.writer.send(actor_of(asked.staff[0]), name, command)
        if isinstance(answer, Refusal):
            return self._page(asked, found, fields)
        return see_other(asked.to(found.address, **{NAME: primary(command.language)}))

    async def _published(self, request: web.Request) -> Published:
        """The newest version in the log that a request names. Raises AdminProblem, StorageUnavailable."""
        log = request.match_info["log"]
        live = await self.documents.logs.sessions.find(SessionId(log)) if is_name(log) else None
        if live is not None and live.state.kind is LogKind.REPORT:
            report = live.state.outcomes.report.newest
            if report is not None:
                address = f"/s/{quote(report.session)}/outcome"
                return Published(live, report.n, tuple(placed_in_report(report)), address)
        elif live is not None and live.state.kind is LogKind.DOCUMENT:
            document = live.state.outcomes.document.newest
            if document is not None:
                shown = await self.documents.shown(document.paragraphs)
                title = SourceText(live.state.title, next(iter(live.state.languages), ""))
                placed = tuple(placed_in_document(title, document, shown))
                return Published(live, document.n, placed, f"/outcomes/{quote(live.id)}")
        raise AdminProblem(404, AdminText.GONE)

    def _page(self, asked: AdminRequest, found: Published, given: Mapping[str, str]) -> web.Response:
        return self.pages.show(
            "outcomes/admin_translation.html",
            asked,
            status=409 if given else 200,
            problem=asked.ui.text(TranslationsDeskText.REFUSED) if given else "",
            action=asked.to(f"/admin/translations/{quote(found.live.id)}"),
            published=asked.to(found.address),
            title=found.placed[0][1].text,
            title_language=found.placed[0][1].language,
            n=found.n,
            given=given,
            max_name=MAX_NAME,
            max_text=MAX_TEXT,
            rows=[
                {"place": place, "text": each.text, "language": each.language, "direction": direction(each.language)}
                for place, each in found.placed
                if each.text.strip()
            ],
        )
