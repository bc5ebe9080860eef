"""`/outcomes/{document}/comment`: the form with which anybody comments on a paragraph of a document.

It needs no script. A browser is recognised by the cookie of *Ask or comment*, which is good for one document.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web

from moothall.adapters.http.limits import network
from moothall.adapters.http.visitor_cookie import new_form
from moothall.adapters.outcomes.document_texts import DocumentText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import alone
from moothall.adapters.pages.request_context import HttpProblem, own_html
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import COOKIE, onward, page_of, private, read_form
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions.asking_door import ALLOWANCE, FilledForm, filled_form, language_choices
from moothall.core.events.outcome_parts import NumberedParagraph
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.languages import direction
from moothall.core.rules.questions import MAX_NAME, MAX_TEXT
from moothall.services.outcomes.comments import DocumentComments
from moothall.services.outcomes.documents import ListedDocument, numbered
from moothall.services.questions.asking import RejectedQuestion

MAX_DIGITS = 6


@dataclass(eq=False, repr=False)
class CommentsDoor:
    """Handlers of the form."""

    context: VisitorContext
    comments: DocumentComments
    _: KW_ONLY

    def __post_init__(self) -> None:
        self._senders = self.context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/outcomes/{document}/comment", self.form),
            web.post("/outcomes/{document}/comment", self.submit),
        ]

    async def form(self, request: web.Request) -> web.Response:
        """Answer with the form for `paragraph`."""
        ui = self.context.language(request)
        empty = FilledForm(
            form=new_form(self.context.randomness), kind=InterventionKind.COMMENT, text="", language=ui.language
        )
        try:
            listed, paragraph = await self._wanted(request)
            response = await self._page(listed, paragraph, empty, ui)
        except HttpProblem as wrong:
            return self.context.refusal(wrong, ui)
        except (StorageUnavailable, RecordBroken):
            return self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        if request.headers.get("Purpose") != "prefetch" and not self.context.token(request, listed.id):
            self.context.give(request, response, COOKIE, listed.id, f"/outcomes/{quote(listed.id)}")
        return response

    async def submit(self, request: web.Request) -> web.Response:
        """Take a comment and redirect to its author's page."""
        ui = self.context.language(request)
        try:
            body = await read_form(request)
            typed = filled_form({**body, "kind": InterventionKind.COMMENT.value}, ui)
            listed, paragraph = await self._wanted(request)
            if self._senders.often(request):
                return await self._page(listed, paragraph, typed, ui, sentence=ui.text(texts.SLOW), status=429)
            token, address = self.context.token(request, listed.id), network(self.context.address_of(request))
            answer = await self.comments.comment(listed, paragraph.n, typed, token, address)
            if isinstance(answer, RejectedQuestion):
                status = 503 if answer is RejectedQuestion.UNAVAILABLE else 422
                over = answer is RejectedQuestion.OVER
                said = ui.text(DocumentText.NO_COMMENTS) if over else texts.rejected_text(answer, ui)
                return await self._page(listed, paragraph, typed, ui, sentence=said, status=status, wrong=answer.value)
        except HttpProblem as wrong:
            return private(self.context.refused(wrong, ui))
        except (StorageUnavailable, RecordBroken):
            return private(self.context.refused(HttpProblem(503, ErrorText.UNAVAILABLE), ui))
        return onward(page_of(listed.id, self.comments.asking.token(listed.id, answer)) + ui.query)

    async def _wanted(self, request: web.Request) -> tuple[ListedDocument, NumberedParagraph]:
        """The document and the paragraph of its newest version that a request names. Raises HttpProblem (404)."""
        listed = await self.comments.documents.find(request.match_info["document"])
        version = None if listed is None else listed.document.newest
        n = number_in(request.query.get("paragraph", ""), MAX_DIGITS)
        paragraph = None if version is None else numbered(version, n)
        if listed is None or paragraph is None:
            raise HttpProblem(404, DocumentText.NO_DOCUMENT)
        return listed, paragraph

    async def _page(
        self,
        listed: ListedDocument,
        paragraph: NumberedParagraph,
        typed: FilledForm,
        ui: Catalogue,
        *,
        sentence: str = "",
        status: int = 200,
        wrong: str = "",
    ) -> web.Response:
        path, asked = f"/outcomes/{quote(listed.id)}", {"paragraph": str(paragraph.n)}
        words, tag = await self._words(listed, paragraph, ui)
        until = listed.document.comments_until
        page = self.context.pages.render(
            "outcomes/comment.html",
            ui=ui,
            title=listed.title,
            title_language=listed.language,
            n=paragraph.n,
            words=words,
            language=tag,
            direction=direction(tag),
            back=f"{path}{ui.query}#p{paragraph.n}",
            back_to=alone(listed.title),
            action=f"{path}/comment?{urlencode(asked | dict(ui.kept))}",
            open=self.comments.open(listed),
            until="" if until is None else ui.moment(self.context.pages.zone().at(until)),
            typed=typed,
            languages=language_choices(typed.language, self.context.pages.catalogues.languages, ui),
            sentence=sentence,
            wrong=wrong,
            most_text=MAX_TEXT,
            most_name=MAX_NAME,
            in_language=lambda tag: f"{path}/comment?{urlencode({**asked, 'ui': tag})}",
        )
        response = own_html(page, ui, status=status)
        if status in (429, 503):
            response.headers[hdrs.RETRY_AFTER] = "60"
        return private(response) if typed.text else response

    async def _words(self, listed: ListedDocument, paragraph: NumberedParagraph, ui: Catalogue) -> tuple[str, str]:
        """The text of a paragraph, and its language."""
        words = await self.comments.documents.words(listed.id, listed.document.versions[-1], paragraph)
        return (ui.text(DocumentText.GONE), ui.language) if words is None else (words.text, words.language)
