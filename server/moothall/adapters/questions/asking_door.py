"""The door of *Ask or comment*: a form that needs no script, and the private page to which it redirects.

A browser is recognised by a random cookie that is valid for one session; no address is kept. An error is shown above
the form, which still holds everything that was typed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.limits import network
from moothall.adapters.http.visitor_cookie import new_form
from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest, own_html
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import (
    clean,
    kept_query,
    onward,
    page_of,
    private,
    read_form,
    title_language,
    title_of,
)
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions.author_page import AuthorPage, about_fields, about_given
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import is_language
from moothall.core.questions.statements import Dimension, Statement
from moothall.core.rules.questions import MAX_NAME, MAX_TEXT
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Session
from moothall.services.questions.asking import AskRequest, RejectedQuestion
from moothall.services.questions.author_view import Own, OwnAct
from moothall.services.questions.balance import BalanceFigures
from moothall.services.questions.ports import AuthorQuestions
from moothall.wire.token_bucket import Allowance

MAX_DIGITS = 12
LONGEST_FORM = 64
ALLOWANCE = Allowance(per_second=2, burst=300)
"""Requests of one address: a hall of 300 people may share one address."""


class FilledForm(AskRequest, frozen=True, kw_only=True):
    """A form as somebody has filled it in."""

    about: Statement = msgspec.field(default_factory=dict)
    """What the author states about themselves."""


@dataclass(eq=False, repr=False)
class AskingDoor:
    """Handlers of the form *Ask or comment*, and of the author's private page.

    `hubs_of`: the hubs for which the visitor may ask, with their titles. `balance` stores what authors state about
    themselves; None hides these fields. `template`: a template that extends `ask.html`; `more`: the values that it
    needs besides.
    """

    context: VisitorContext
    asking: AuthorQuestions
    _: KW_ONLY
    author_page: AuthorPage
    hubs_of: Callable[[SessionId], Mapping[str, str]] = lambda _: {}
    balance: BalanceFigures | None = None
    template: str = "questions/ask.html"
    more: Callable[[SessionId], Mapping[str, object]] = lambda _: {}

    def __post_init__(self) -> None:
        self._senders = self.context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/asking-worker.js", self.worker),
            web.get("/s/{session}/ask", self.form),
            web.post("/s/{session}/ask", self.submit),
            web.get("/s/{session}/asked/{token}", self.own_page),
            web.post("/s/{session}/asked/{token}", self.bring),
        ]

    async def form(self, request: web.Request) -> web.Response:
        """Answer with the empty form."""
        ui = self.context.language(request)
        try:
            wanted = await self.context.asked(request)
        except HttpProblem as wrong:
            return self.context.refusal(wrong, ui)
        why = _takes_none(wanted.snapshot.session)
        sentence = None if why is None else texts.rejected_text(why, ui)
        hub = next(iter(self.hubs_of(wanted.session)), "")
        form = new_form(self.context.randomness)
        typed = FilledForm(form=form, kind=InterventionKind.QUESTION, text="", language=ui.language, hub=hub)
        mine: tuple[tuple[str, Own], ...] = ()
        with contextlib.suppress(StorageUnavailable):  # The form is shown without the list of the visitor's questions.
            mine = await self.asking.mine(wanted.session, self.context.token(request, wanted.session))
        response = self._form(request, wanted, typed, ui, sentence=sentence, mine=mine)
        # The cookie is set before anything is sent, so that a form that is sent twice comes from the same browser. A
        # prefetch sets none, since nobody has asked yet.
        if request.headers.get("Purpose") != "prefetch":
            self.context.know(request, response, wanted.session)
        return response

    async def worker(self, _: web.Request) -> web.Response:
        """Answer with the service worker's script, which keeps the form in the browser for times without a
        connection.
        """
        file = self.context.pages.static.get("js/questions/worker.js")
        if file is None:  # pragma: no cover  # the web folder is whole, or the server doesn't start
            raise web.HTTPNotFound
        # Its address has no version, so that a newer script replaces it.
        return web.Response(body=file.body, headers={hdrs.CONTENT_TYPE: file.type, hdrs.CACHE_CONTROL: "no-cache"})

    async def submit(self, request: web.Request) -> web.Response:
        """Take a question, and redirect to its author's page."""
        ui = self.context.language(request)
        try:
            typed = await typed_in(request, ui)
            wanted = await self.context.asked(request)
        except HttpProblem as wrong:
            return private(self.context.refused(wrong, ui))
        if self._senders.often(request):
            return self._form(request, wanted, typed, ui, sentence=ui.text(texts.SLOW), status=429)
        query = kept_query(request, ui)
        try:
            own = not typed.hub or typed.hub in self.hubs_of(wanted.session)
            token, address = self.context.token(request, wanted.session), network(self.context.address_of(request))
            answer = await self.asking.ask(wanted.session, typed, token, address) if own else RejectedQuestion.HUB
        except StorageUnavailable:
            answer = RejectedQuestion.UNAVAILABLE
        if isinstance(answer, RejectedQuestion):
            sentence, status = texts.rejected_text(answer, ui), 503 if answer is RejectedQuestion.UNAVAILABLE else 422
            return self._form(request, wanted, typed, ui, sentence=sentence, status=status, why=answer)
        if typed.about and self.balance is not None:
            with contextlib.suppress(StorageUnavailable):  # The question is stored; its page shows if a statement is.
                await self.balance.say(wanted.session, answer, typed.about)
        return onward(page_of(wanted.session, self.asking.token(wanted.session, answer)) + query)

    async def own_page(self, request: web.Request) -> web.Response:
        """Answer with the private page that shows an author the status of their question."""
        ui = self.context.language(request)
        try:
            wanted = await self.context.asked(request)
            own = await own_at(request, wanted, self.asking)
        except HttpProblem as wrong:
            return private(self.context.refused(wrong, ui))
        return self.author_page.answer(request, wanted, own, ui)

    async def bring(self, request: web.Request) -> web.Response:
        """Withdraw a question for its author, put it off, or return it to the queue; then redirect to its page."""
        ui = self.context.language(request)
        token = request.match_info["token"]
        try:
            self._senders.check(request)
            wanted = await self.context.asked(request)
            await own_at(request, wanted, self.asking)
            given = (await read_form(request)).get("act", OwnAct.BACK)
            if given not in set(OwnAct):
                raise HttpProblem(400, ErrorText.REQUEST)
            answer = await self.asking.bring(wanted.session, token, OwnAct(given))
            if answer is not None and answer.code is RefusalCode.BUSY:
                raise HttpProblem(503, texts.BUSY)
            if answer is not None and answer.code is RefusalCode.UNAVAILABLE:
                raise HttpProblem(503, ErrorText.UNAVAILABLE)
        except StorageUnavailable:
            return private(self.context.refused(HttpProblem(503, ErrorText.UNAVAILABLE), ui))
        except HttpProblem as wrong:
            return private(self.context.refused(wrong, ui))
        # If it has had its turn meanwhile, the page says so.
        return onward(page_of(wanted.session, token) + kept_query(request, ui))

    def _choices(self, wanted: SessionRequest) -> dict[Dimension, tuple[str, ...]]:
        """The values that authors may choose from, for each dimension of a statement."""
        return self.author_page.choices(wanted)

    def _form(
        self,
        request: web.Request,
        wanted: SessionRequest,
        typed: FilledForm,
        ui: Catalogue,
        *,
        sentence: str | None,
        status: int = 200,
        why: RejectedQuestion | None = None,
        mine: tuple[tuple[str, Own], ...] = (),
    ) -> web.Response:
        query = kept_query(request, ui)
        text = self.context.pages.render(
            self.template,
            ui=ui,
            action=f"{request.path}{query}",
            back=f"/s/{quote(wanted.session)}{query}",
            sentence=sentence,
            questions=f"/s/{quote(wanted.session)}/questions{query}",
            over=_takes_none(wanted.snapshot.session) is not None and not typed.text,
            wrong=None if why is None else why.value,
            about=about_fields(self._choices(wanted), typed.about, ui),
            mine=[(f"{page_of(wanted.session, token)}{query}", texts.yours(own, ui)) for token, own in mine],
            **form_values(wanted, typed, self.hubs_of(wanted.session), ui, self.context.pages),
            **self.more(wanted.session),
        )
        response = own_html(text, ui, status=status)
        if status in (429, 503):
            response.headers[hdrs.RETRY_AFTER] = "60"
        return response


async def own_at(request: web.Request, wanted: SessionRequest, questions: AuthorQuestions) -> Own:
    """What an author may see of the question whose page a request names.

    Raises HttpProblem when there is no such page (404) or it can't be read (503).
    """
    try:
        own = await questions.own(wanted.session, request.match_info["token"])
    except StorageUnavailable as error:
        raise HttpProblem(503, ErrorText.UNAVAILABLE) from error
    if own is None:
        raise HttpProblem(404, ErrorText.NOTHING)
    return own


async def typed_in(request: web.Request, ui: Catalogue) -> FilledForm:
    """Parse the form in a request's body. Raises HttpProblem when it is too long or no such form."""
    return filled_form(await read_form(request), ui)


def filled_form(given: Mapping[str, str], ui: Catalogue) -> FilledForm:
    """The form in the fields of a request's body. Raises HttpProblem when they are of no such form."""
    try:
        kind = InterventionKind(given.get("kind", InterventionKind.QUESTION))
    except ValueError as error:
        raise HttpProblem(400, ErrorText.REQUEST) from error
    form = given.get("id", "")
    if not 0 < len(form) <= LONGEST_FORM:
        raise HttpProblem(400, ErrorText.REQUEST)
    return FilledForm(
        form=form,
        kind=kind,
        text=clean(given.get("text", "")).strip(),
        name=" ".join(clean(given.get("name", "")).split()),
        language=_tag(given, ui),
        age=_age(given),
        about=about_given(given),
        hub=clean(given.get("hub", "")),
    )


def _tag(given: Mapping[str, str], ui: Catalogue) -> str:
    primary, dash, rest = given.get("language", "").partition("-")
    tag = f"{primary.lower()}{dash}{rest}"
    return tag if is_language(tag) and tag.count("-") <= 3 else ui.language


def _age(given: Mapping[str, str]) -> int:
    return number_in(given.get("age", ""), MAX_DIGITS) or 0


def form_values(
    wanted: SessionRequest, typed: FilledForm, hubs: Mapping[str, str], ui: Catalogue, pages: Pages
) -> dict[str, object]:
    """The values that the form's template needs of what was typed, and of what can be chosen.

    `hubs`: the groups for which the visitor may ask, with their titles.
    """
    return {
        "title": title_of(wanted, ui),
        "title_language": title_language(wanted),
        "typed": typed,
        "hubs": [(hub, f"\u2068{label}\u2069", hub == typed.hub) for hub, label in hubs.items()],
        "kinds": [(kind.value, ui.text(key), kind is typed.kind) for kind, key in texts.KINDS.items()],
        "languages": language_choices(
            typed.language, (*wanted.snapshot.session.languages, *pages.catalogues.languages), ui
        ),
        "most_text": MAX_TEXT,
        "most_name": MAX_NAME,
    }


def language_choices(chosen: str, offered: Iterable[str], ui: Catalogue) -> list[dict[str, object]]:
    """Languages that a text may be in: the chosen one, and those that are offered."""
    return [
        {"tag": tag, "name": own_name(tag) or ui.language_name(tag), "chosen": tag == chosen}
        for tag in dict.fromkeys((chosen, *offered))
        if is_language(tag)
    ]


def _takes_none(session: Session) -> RejectedQuestion | None:
    """Why the session takes no questions; None while it takes them."""
    if session.status is Status.CLOSED:
        return RejectedQuestion.OVER
    return None if session.cancelled is None else RejectedQuestion.CANCELLED
