"""`/outcomes`: the documents that are made of the reports, to read and to take home.

Files are made in a thread, PDF in a process of its own, one at a time: none of them delays words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import hdrs, web
from babel.dates import format_date

from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.outcomes.body_reports import for_recipient
from moothall.adapters.outcomes.document_files import TYPES, WrittenDocument, written
from moothall.adapters.outcomes.document_rows import (
    ParagraphComment,
    chapters,
    comment_rows,
    paragraph_rows,
    quoted_texts,
    side_by_side,
    texts_beside,
    with_translations,
)
from moothall.adapters.outcomes.document_texts import FORMS, DocumentText
from moothall.adapters.outcomes.machine_made import NAME, being_made, entered_for, machine_made
from moothall.adapters.outcomes.question_maps import question_maps
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import alone
from moothall.adapters.pages.request_context import HttpProblem, html, language, page_headers, refusal_for
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.questions.opinion_rows import of_session
from moothall.adapters.record.texts import RecordErrorText
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed
from moothall.core.events.outcome_parts import DocumentForm
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import RecipientId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.outcomes.document import DocumentVersion
from moothall.core.outcomes.document_rules import takes_comments
from moothall.core.outcomes.register import Register
from moothall.core.ports import Clock
from moothall.services.outcomes.documents import Documents, ListedDocument, numbered, version_of
from moothall.services.outcomes.machine_translations import (
    MachineTranslations,
    SourceText,
    TranslatedVersion,
    TranslationBusy,
    VersionTranslation,
    placed_in_document,
    vouched,
)
from moothall.services.questions.ports import QuestionsOf

MAX_WAITING = 32
"""The most requests that wait for a document to be made. Overflow: the next is answered with 503."""
MOST_SESSIONS = 20
"""Sessions whose votes on comments stand beside a map. Overflow: further ones are on the pages of the sessions."""
MAX_DIGITS = 6


@dataclass(eq=False, repr=False, kw_only=True)
class DocumentsDoor:
    """Handlers of documents. `public`: the server's public address, without a slash at its end. `typeset` sets a PDF
    file, and may raise TypesettingFailed; None: there is no PDF here. `questions_of`: of a session that the visitor may
    read, for the votes on comments that stand beside a map.
    """

    pages: Pages
    documents: Documents
    public: str
    typeset: Callable[[bytes], Awaitable[bytes]] | None
    clock: Clock
    translations: MachineTranslations
    questions_of: QuestionsOf

    def __post_init__(self) -> None:
        self._making, self._setting = asyncio.Lock(), asyncio.Lock()
        self._waiting = 0

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/outcomes", self.all),
            web.get("/outcomes/{document}", self.show),
            web.get("/outcomes/{document}/map", self.map),
            web.get("/outcomes/{document}/quote", self.quote),
            web.get("/outcomes/{document}/document.{form}", self.file),
        ]

    async def all(self, request: web.Request) -> web.Response:
        """List the documents that have been published, newest first."""
        ui = language(self.pages, request)
        try:
            listed = [each for each in await self.documents.all() if each.document.newest is not None]
        except StorageUnavailable:
            return refusal_for(request, HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        rows = [
            {
                "address": f"/outcomes/{each.id}{ui.query}",
                "title": each.title,
                "language": each.language,
                "direction": direction(each.language),
                "form": ui.text(FORMS[each.document.form]),
                "about": self._about(each.document.versions[-1], ui),
            }
            for each in sorted(listed, key=lambda each: (-each.document.versions[-1].at, each.id))
        ]
        page = self.pages.render(
            "outcomes/documents.html",
            ui=ui,
            notice=ui.named("outcome/notice"),
            rows=rows,
            in_language=lambda tag: f"/outcomes?ui={tag}",
        )
        return html(page, ui)

    async def show(self, request: web.Request) -> web.Response:
        """Answer with a version of a document as a page."""

        async def make(document: WrittenDocument, ui: Catalogue) -> web.Response:
            listed, version = document.listed, document.version
            path = f"/outcomes/{listed.id}"
            versions = listed.document.versions
            newest = version.n == versions[-1].n
            original = ({} if newest else {"n": str(version.n)}) | _body(request)
            kept = original | ({NAME: document.machine.target} if document.machine.target else {})

            def to(end: str = "", **query: str) -> str:
                asked = {**query, **ui.kept}
                return f"{path}{end}?{urlencode(asked)}" if asked else f"{path}{end}"

            page = await asyncio.to_thread(  # Of 300 reports it takes a quarter of a second.
                self.pages.render,
                "outcomes/document.html",
                ui=ui,
                notice=ui.named("outcome/notice"),
                machine=document.machine.notice,
                original=to(**original),
                vouched=document.machine.vouched(ui, lambda tag: to(**(original | {NAME: tag}))),
                translations=document.machine.rows(ui, lambda tag: to(**(original | {NAME: tag}))),
                title=listed.title,
                title_language=listed.language,
                form=ui.text(FORMS[listed.document.form]),
                about=document.about,
                runs=[*side_by_side(document.rows)],
                order_said=listed.document.form in (DocumentForm.OUTCOME, DocumentForm.REPORTS),
                contents=chapters(document.rows),
                session=lambda name: f"/s/{name}{ui.query}",
                map=to("/map", **kept) if any(row.question and row.kind for row in document.rows) else "",
                newer="" if newest else to(**_body(request)),
                newest=versions[-1].n,
                comments=_comments(document),
                quote=lambda n: f"#p{n}" if _body(request) else to("/quote", paragraph=str(n), n=str(version.n)),
                comment=lambda n: to("/comment", paragraph=str(n)) if newest and self._taken(listed) else "",
                until=self._until(listed, ui),
                versions=[
                    {
                        "address": to(n=str(each.n), **_body(request)),
                        "about": self._about(each, ui),
                        "here": each.n == version.n,
                    }
                    for each in reversed(versions)
                ],
                files=[{"address": to(f"/document.{form}", **kept), "form": form} for form in self._forms()],
                in_language=lambda tag: f"{path}?{urlencode({**kept, 'ui': tag})}",
            )
            return html(page, ui)

        return await self._answer(request, make)

    async def map(self, request: web.Request) -> web.Response:
        """Answer with the map of a version: a table and a picture for each policy question."""

        async def make(document: WrittenDocument, ui: Catalogue) -> web.Response:
            path = f"/outcomes/{document.listed.id}"
            kept = {name: request.query[name] for name in ("n", "body", NAME) if name in request.query}
            query = urlencode({**kept, **ui.kept})
            original = urlencode({name: each for name, each in kept.items() if name != NAME} | dict(ui.kept))
            page = self.pages.render(
                "outcomes/map.html",
                ui=ui,
                notice=ui.named("outcome/notice"),
                machine=document.machine.notice,
                original=f"{path}/map?{original}" if original else f"{path}/map",
                title=document.listed.title,
                title_language=document.listed.language,
                about=document.about,
                back=f"{path}?{query}" if query else path,
                questions=await asyncio.to_thread(question_maps, document.rows, ui),
                votes=await self._votes(document, ui),
                in_language=lambda tag: f"{path}/map?{urlencode({**kept, 'ui': tag})}",
            )
            return html(page, ui)

        return await self._answer(request, make)

    async def quote(self, request: web.Request) -> web.Response:
        """Answer with a paragraph as a version has it, beside what its number has in the newest one, with the proof.

        Without `n` it leads to the address that names the version.
        """
        ui = language(self.pages, request)
        try:
            listed, version = await self._version(request)
            n = number_in(request.query.get("paragraph", ""), MAX_DIGITS)
            paragraph, newest = numbered(version, n), listed.document.versions[-1]
            if paragraph is None:
                raise HttpProblem(404, DocumentText.NO_DOCUMENT)
            path, asked = f"/outcomes/{listed.id}/quote", {"paragraph": str(n), "n": str(version.n)}
            if "n" not in request.query:
                return see_other(f"{path}?{urlencode(asked | dict(ui.kept))}")
            words = await self.documents.words(listed.id, version, paragraph)
            if words is None:
                raise HttpProblem(410, DocumentText.GONE)
            now = numbered(newest, n)
            present = None if now is None else await self.documents.words(listed.id, newest, now)
            proof = await self.documents.reports.published_at(words.log, words.n)
        except (StorageUnavailable, RecordBroken):
            return refusal_for(request, HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        except HttpProblem as wrong:
            return refusal_for(request, wrong, self.pages, ui)
        named, about = ui.text("Paragraph {n}", n=paragraph.n), self._about(version, ui)
        address = f"{self.public}{path}?{urlencode(asked)}"
        page = self.pages.render(
            "outcomes/quotation.html",
            ui=ui,
            notice=ui.named("outcome/notice"),
            title=listed.title,
            title_language=listed.language,
            named=named,
            about=about,
            back=f"/outcomes/{listed.id}?{urlencode({'n': version.n, **ui.kept})}#p{paragraph.n}",
            address=address,
            words=words,
            direction=direction(words.language),
            now=present,
            now_direction=direction("" if present is None else present.language),
            differs=present is None or present.text != words.text,
            ready=f"“{words.text}” {alone(listed.title)}, {named}, {about}. {address}",
            proof="" if proof is None else f"/s/{words.log}/line.tlog-proof?offset={proof}",
            in_language=lambda tag: f"{path}?{urlencode({**asked, 'ui': tag})}",
        )
        return html(page, ui)

    async def _votes(self, document: WrittenDocument, ui: Catalogue) -> list[Mapping[str, object]]:
        """The votes on comments in the sessions from which the messages come, each with what all groups share."""
        found: list[Mapping[str, object]] = []
        titles = {row.session: (row.title, row.language) for row in document.rows if row.session}
        for session, (title, tag) in list(titles.items())[:MOST_SESSIONS]:
            questions = await self.questions_of(SessionId(session))
            votes = of_session(questions, f"/s/{session}/opinions{ui.query}", ui, over=True)
            if votes is not None and votes["shared"]:
                found.append({**votes, "title": title, "language": tag})
        return found

    async def file(self, request: web.Request) -> web.Response:
        """Answer with a version of a document as a file."""
        form = request.match_info["form"]

        async def make(document: WrittenDocument, ui: Catalogue) -> web.Response:
            if form not in TYPES:
                raise HttpProblem(404, DocumentText.NO_FORM, forms=ui.listed(alone(f".{each}") for each in TYPES))
            if form == "pdf":
                body = await self._set(document, ui)
            else:
                async with self._making:
                    body = await asyncio.to_thread(written, form, document, ui)
            headers = {**page_headers(ui), hdrs.CONTENT_TYPE: TYPES[form]}
            if form == "json":
                headers |= FOR_ANY_PAGE
            else:
                name = f"{document.listed.id}-{document.version.n}{document.machine.ending}.{form}"
                headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
            return web.Response(body=body, headers=headers)

        return await self._answer(request, make)

    async def _set(self, document: WrittenDocument, ui: Catalogue) -> bytes:
        """The document as PDF. Raises HttpProblem when it can't be set."""
        if self.typeset is None:
            raise HttpProblem(501, RecordErrorText.NO_PDF)
        async with self._setting:
            data = await asyncio.to_thread(written, "pdf", document, ui)
            try:
                return await self.typeset(data)
            except FontsMissing:
                raise HttpProblem(501, RecordErrorText.NO_FONTS) from None
            except TypesettingFailed:
                raise HttpProblem(503, RecordErrorText.PDF_FAILED) from None

    async def _answer(
        self, request: web.Request, make: Callable[[WrittenDocument, Catalogue], Awaitable[web.Response]]
    ) -> web.Response:
        """Find the version that a request names, and answer with what `make` makes of it."""
        ui = language(self.pages, request)
        try:
            if self._waiting >= MAX_WAITING:
                raise HttpProblem(503, RecordErrorText.BUSY)
            self._waiting += 1
            try:
                return await make(await self._wanted(request, ui), ui)
            finally:
                self._waiting -= 1
        except (StorageUnavailable, RecordBroken):
            return refusal_for(request, HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        except TranslationBusy:
            return being_made(request, self.pages, ui)
        except HttpProblem as wrong:
            return refusal_for(request, wrong, self.pages, ui)

    async def _wanted(self, request: web.Request, ui: Catalogue) -> WrittenDocument:
        listed, version = await self._version(request)
        shown = await self.documents.shown(version.paragraphs)
        here = await self.documents.stays_here(listed, shown.values())
        placed = [*placed_in_document(SourceText(listed.title, listed.language), version, shown)]
        texts = [source for _, source in placed]
        languages = self.translations.languages(texts, here=here)
        original = f"{self.public}/outcomes/{listed.id}?{urlencode({'n': version.n, **_body(request)})}"
        machine = machine_made(request, languages, version.n, original, ui, translations=listed.translations)
        register = await self.documents.register()
        made: TranslatedVersion | None = None
        if machine.target:
            wanted = VersionTranslation(listed.id, version.n, machine.target, here)
            person = entered_for(request, listed.translations, version.n)
            if person is None:
                beside = texts_beside(shown, register, listed.id, listed.comments)
                made = await self.translations.made(wanted, texts, quoted_texts(shown.values(), ui), beside)
                machine = machine.by_ways(made.ways, ui)
            else:
                made = vouched(wanted, person, placed)
            title, tag = made.of(listed.title, listed.language)
            listed, version = listed._replace(title=title, language=tag), made.document(version)
            shown = {reference: made.shown(each) for reference, each in shown.items()}
        if (body := request.query.get("body")) is not None:
            listed, version = _of_body(RecipientId(body), register, listed, version, ui)
        rows = await asyncio.to_thread(paragraph_rows, version, shown, ui, register, listed.id)
        under = None if machine.by else made
        if under is not None:
            rows = with_translations(rows, under)
        comments = comment_rows(listed.comments, under)
        return WrittenDocument(listed, version, rows, self._about(version, ui), original, machine, comments)

    async def _version(self, request: web.Request) -> tuple[ListedDocument, DocumentVersion]:
        """The version that a request names. Raises HttpProblem."""
        listed = await self.documents.find(request.match_info["document"])
        wanted = request.query.get("n")
        n = None if wanted is None else number_in(wanted, MAX_DIGITS)
        if listed is None or (wanted is not None and n is None):
            raise HttpProblem(404, DocumentText.NO_DOCUMENT)
        version = version_of(listed.document, n)
        if version is None:
            raise HttpProblem(404, DocumentText.NO_DOCUMENT)
        return listed, version

    def _taken(self, listed: ListedDocument) -> bool:
        return takes_comments(listed.document, self.clock.wall())

    def _until(self, listed: ListedDocument, ui: Catalogue) -> str:
        """Until when comments are taken, in words; empty while none are."""
        until = listed.document.comments_until
        return ui.moment(self.pages.zone().at(until)) if until is not None and self._taken(listed) else ""

    def _about(self, version: DocumentVersion, ui: Catalogue) -> str:
        when = format_date(self.pages.zone().at(version.at), "long", locale=ui.locale)
        about = ui.text("Version {n}, {date}", n=version.n, date=when)
        return f"{about} · {ui.text(DocumentText.REDACTED)}" if version.redacted else about

    def _forms(self) -> list[str]:
        return [form for form in TYPES if form != "pdf" or self.typeset is not None]


def _of_body(
    body: RecipientId, register: Register, listed: ListedDocument, version: DocumentVersion, ui: Catalogue
) -> tuple[ListedDocument, DocumentVersion]:
    """What of a version concerns a body, under the title of a report for it. Raises HttpProblem."""
    recipient = register.recipients.get(body)
    if recipient is None:
        raise HttpProblem(404, DocumentText.NO_BODY)
    return for_recipient(recipient, register, listed, version, ui)


def _comments(document: WrittenDocument) -> Mapping[int, Sequence[ParagraphComment]]:
    """Comments by the number of their paragraph; with 0 those whose paragraph isn't in the version that is shown."""
    numbers = {row.n for row in document.rows}
    rows: dict[int, list[ParagraphComment]] = {}
    for paragraph, row in document.comments:
        rows.setdefault(paragraph if paragraph in numbers else 0, []).append(row)
    return rows


def _body(request: web.Request) -> dict[str, str]:
    """The part of an address that names the body for which a document is read."""
    return {"body": request.query["body"]} if "body" in request.query else {}
