"""Public pages of policy questions (`/policy`) and of open calls for them (`/calls/{call}`).

They need no script. A browser is recognised by the cookie of *Ask or comment*, which is good for one call. Before a
proposal is taken, those that say nearly the same are shown once, so that its author may support one of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web

from moothall.adapters.http.limits import network
from moothall.adapters.http.visitor_cookie import new_form
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, asked, html, own_html, own_json, wants_json
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext, require_counted
from moothall.adapters.pages.visitor_request import (
    COOKIE,
    clean,
    number_at,
    onward,
    page_of,
    private,
    read_form,
    see_other,
)
from moothall.adapters.policy.policy_rows import PolicyRows, Row, as_json
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions.asking_door import ALLOWANCE, FilledForm, filled_form, language_choices
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import InterventionId, PolicyQuestionId, RecipientId, SessionId, is_name
from moothall.core.kernel.languages import direction
from moothall.core.outcomes.register import Register
from moothall.core.programme.agenda import blocks
from moothall.core.questions.likeness import nearest
from moothall.core.questions.submissions import submissions, texts_of
from moothall.core.rules.questions import MAX_NAME, MAX_TEXT
from moothall.core.sessions.state import State, Status
from moothall.services.outcomes.answers import ReportAnswer
from moothall.services.outcomes.calls import OpenCalls
from moothall.services.outcomes.policy import PolicyQuestions
from moothall.services.outcomes.similar_submissions import SimilarSubmissions
from moothall.services.questions.asking import RejectedQuestion
from moothall.services.questions.ports import AuthorQuestions, Supports
from moothall.services.sessions.live_session import LiveSession

MAX_DIGITS = 6
MOST_ANSWERS = 500
"""Answers to a policy question on a page."""
MEANING = "meaning"
"""The value of `by` with which the page's script asks for proposals that mean something like what is typed."""
SEND = "send"
"""The value of `act` with which a proposal is sent although others say nearly the same."""
_QUESTION = ("id", "address", "text", "language", "closed", "sessions")
_PROPOSAL = ("number", "text", "language", "name", "fate", "became", "support", "question")

AnswersOf = Callable[[PolicyQuestionId], Awaitable[Sequence[ReportAnswer]]]


@dataclass(eq=False, repr=False)
class PolicyDoor:
    """Handlers of the pages. `answers_of` returns what published reports answer to a policy question."""

    context: VisitorContext
    _: KW_ONLY
    policy: PolicyQuestions
    calls: OpenCalls
    rows: PolicyRows
    asking: AuthorQuestions
    supports: Supports
    answers_of: AnswersOf
    meaning: SimilarSubmissions | None = None
    """None without the extra `meaning`."""

    def __post_init__(self) -> None:
        self._senders = self.context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/policy", self.questions),
            web.get("/policy/{question}", self.question),
            web.get("/calls/{call}", self.call),
            web.post("/calls/{call}", self.propose),
            web.post("/calls/{call}/similar", self.similar),
            web.post("/calls/{call}/proposals/{number}/support", self.support),
        ]

    async def questions(self, request: web.Request) -> web.Response:
        """The list of policy questions, with the open calls above it."""
        ui = self.context.language(request)
        try:
            register, calls = await self.policy.register(), await self.calls.all()
        except StorageUnavailable:
            return self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        rows = [self.rows.question(each, register, ui, ui.query) for each in register.questions.values()]
        shown = [self.rows.call(each.state, ui, ui.query) for each in calls if each.state.outcomes.call.language]
        if wants_json(request):
            found = [as_json(row, *_QUESTION) for row in rows]
            return own_json({"questions": found, "calls": shown})
        return self._html(
            "outcomes/policy.html",
            ui,
            "/policy",
            asked=[row for row in rows if row["closed"] is None],
            closed=[row for row in rows if row["closed"] is not None],
            open=[each for each in shown if not each.over],
            over=[each for each in shown if each.over],
        )

    async def question(self, request: web.Request) -> web.Response:
        """The page of one policy question."""
        ui, name = self.context.language(request), request.match_info["question"]
        try:
            register = await self.policy.register()
            each = register.questions.get(PolicyQuestionId(name))
            if each is None:
                raise HttpProblem(404, ErrorText.NOTHING)
            every = await self.answers_of(each.id)
            pages = max(1, -(-len(every) // MOST_ANSWERS))
            n = min(number_in(request.query.get("page", "1"), MAX_DIGITS) or 1, pages)
            answers = self.rows.answers(every[(n - 1) * MOST_ANSWERS : n * MOST_ANSWERS], ui, ui.query)
        except HttpProblem as none:
            return self.context.refusal(none, ui)
        except StorageUnavailable:
            return self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        row = self.rows.question(each, register, ui, ui.query)
        bodies = [register.recipients[body] for body in each.recipients if body in register.recipients]
        bodies += [body for body in register.recipients.values() if each.id in body.questions and body not in bodies]
        papers = [paper for paper in register.papers.values() if paper.question == each.id]
        if wants_json(request):
            found = {**as_json(row, *_QUESTION), "wordings": each.wordings, "answers": answers, "pages": pages}
            return own_json({**found, "bodies": [body.name for body in bodies], "papers": papers})
        return self._html(
            "outcomes/policy_question.html",
            ui,
            f"/policy/{quote(each.id)}",
            question=row,
            earlier=[
                {"text": old.text, "language": old.language, "direction": direction(old.language)}
                for old in reversed(each.wordings[:-1])
            ],
            bodies=bodies,
            papers=[
                {"title": paper.title, "address": paper.address, "body": _body(register, paper.recipient)}
                for paper in papers
            ],
            answers=answers,
            page=n,
            pages=pages,
            turned=lambda n: f"/policy/{quote(each.id)}?{urlencode({'page': n, **ui.kept})}",
            call=f"/calls/{quote(each.call)}{ui.query}" if each.call else "",
        )

    async def call(self, request: web.Request) -> web.Response:
        """The page of a call, with the form."""
        ui = self.context.language(request)
        form = FilledForm(
            form=new_form(self.context.randomness), kind=InterventionKind.QUESTION, text="", language=ui.language
        )
        try:
            state = await self._state(request)
            if wants_json(request):
                return await self._json(state, ui)
            response = await self._page(request, state, form, ui)
        except HttpProblem as none:
            return self.context.refusal(none, ui)
        except StorageUnavailable:
            return self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        if request.headers.get("Purpose") != "prefetch" and not self.context.token(request, state.id):
            self.context.give(request, response, COOKIE, state.id, f"/calls/{quote(state.id)}")
        return response

    async def propose(self, request: web.Request) -> web.Response:
        """Take a proposal and redirect to its author's page; or show first what is nearly the same."""
        ui = self.context.language(request)
        try:
            body = await read_form(request)
            typed = filled_form(body, ui)
            state = await self._state(request)
            if self._senders.often(request):
                return await self._page(request, state, typed, ui, sentence=ui.text(texts.SLOW), status=429)
            near = [] if body.get("act") == SEND else nearest(typed.text, texts_of(state.questions))
            if near:
                return await self._page(request, state, typed, ui, near=near)
            token, address = self.context.token(request, state.id), network(self.context.address_of(request))
            over = RejectedQuestion.OVER if _over(state, self.context.clock.wall()) else None
            answer = over or await self.asking.ask(state.id, typed, token, address)
            if isinstance(answer, RejectedQuestion):
                status = 503 if answer is RejectedQuestion.UNAVAILABLE else 422
                sentence = texts.rejected_text(answer, ui)
                return await self._page(request, state, typed, ui, sentence=sentence, status=status, wrong=answer.value)
        except HttpProblem as wrong:
            return private(self.context.refused(wrong, ui))
        except StorageUnavailable:
            return private(self.context.refused(HttpProblem(503, ErrorText.UNAVAILABLE), ui))
        return onward(page_of(state.id, self.asking.token(state.id, answer)) + ui.query)

    async def similar(self, request: web.Request) -> web.Response:
        """Which proposals say nearly the same as what somebody types, for the page's script; with `by=meaning`, which
        others mean something like it.
        """
        ui = self.context.language(request)
        try:
            self._senders.check(request)
            body = await read_form(request)
            text = clean(body.get("text", ""))
            live = await self._live(request)
            found: Sequence[InterventionId] = nearest(text, texts_of(live.state.questions))
            if body.get("by") == MEANING:
                by_words = found
                found = ()
                if self.meaning is not None:
                    found = await self.meaning.find(live.id, text, lambda: texts_of(live.state.questions), by_words)
            state = live.state  # Finding took its time.
            rows = await self._rows(request, state, ui)
        except HttpProblem as wrong:
            return own_json({"error": ui.text(wrong.key, **wrong.values)}, status=wrong.status)
        except StorageUnavailable:
            return own_json({"error": ui.text(ErrorText.UNAVAILABLE)}, status=503)
        by_id = {row["id"]: row for row in rows}
        near = [by_id[name] for name in found if name in by_id]
        return own_json({"similar": [as_json(row, "number", "text", "language", "direction") for row in near]})

    async def support(self, request: web.Request) -> web.Response:
        """Add or withdraw a visitor's support, and redirect to the call."""
        ui = self.context.language(request)
        try:
            address = self._senders.check(request)
            state = await self._state(request)
            number = number_at(request, "number", MAX_DIGITS)
            too = (await read_form(request) if request.can_read_body else {}).get("too") != "no"
            token = self.context.token(request, state.id)
            each = state.questions.numbered(number)
            if too and each is not None and each.id in await self.asking.own_of(state.id, token):
                raise HttpProblem(409, texts.OWN)
            hasty = self.context.visitors.hasty(token)
            counted = await self.supports.support(state.id, number, token, network(address), too=too, hasty=hasty)
            require_counted(counted)
        except HttpProblem as wrong:
            return self.context.refused(wrong, ui)
        except StorageUnavailable:
            return self.context.refused(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        return see_other(f"/calls/{quote(state.id)}{ui.query}#No-{number}")

    async def _state(self, request: web.Request) -> State:
        return (await self._live(request)).state

    async def _live(self, request: web.Request) -> LiveSession:
        """The call that a request names. Raises HttpProblem (404)."""
        name = request.match_info["call"]
        live = await self.calls.find(SessionId(name)) if is_name(name) else None
        if live is None or not live.state.outcomes.call.language:
            raise HttpProblem(404, ErrorText.NOTHING)
        await asked(request, self.context.snapshot_of, "", live.id)  # Whether it may be read.
        return live

    async def _rows(self, request: web.Request, state: State, ui: Catalogue) -> list[Row]:
        token, own = self.context.token(request, state.id), frozenset[InterventionId]()
        if token:
            own = await self.asking.own_of(state.id, token)
        found, register = submissions(state.questions, state.outcomes.call), await self.policy.register()
        mine = self.supports.supported(state.id, token)
        return self.rows.submissions(state, found, register, ui, ui.query, mine=mine, own=own)

    async def _json(self, state: State, ui: Catalogue) -> web.Response:
        found, register = submissions(state.questions, state.outcomes.call), await self.policy.register()
        rows = self.rows.submissions(state, found, register, ui, ui.query)
        call = self.rows.call(state, ui, ui.query)
        text = state.outcomes.call.text
        return own_json({"call": call, "text": text, "proposals": [as_json(row, *_PROPOSAL) for row in rows]})

    async def _page(
        self,
        request: web.Request,
        state: State,
        typed: FilledForm,
        ui: Catalogue,
        *,
        near: Sequence[InterventionId] = (),
        sentence: str = "",
        status: int = 200,
        wrong: str = "",
    ) -> web.Response:
        token = self.context.token(request, state.id)
        rows = await self._rows(request, state, ui)
        mine: Sequence[tuple[str, str]] = ()
        with contextlib.suppress(StorageUnavailable):  # The page is shown without the list of the visitor's proposals.
            found = await self.asking.mine(state.id, token)
            mine = [(f"{page_of(state.id, code)}{ui.query}", texts.yours(own, ui)) for code, own in found]
        path = f"/calls/{quote(state.id)}"
        by_id = {row["id"]: row for row in rows}
        response = self._html(
            "outcomes/call.html",
            ui,
            path,
            status=status,
            call=self.rows.call(state, ui, ui.query),
            over=_over(state, self.context.clock.wall()),
            parts=blocks(state.outcomes.call.text),
            typed=typed,
            action=f"{path}{ui.query}",
            like=f"{path}/similar{ui.query}",
            by_meaning=self.meaning is not None,
            near=[by_id[name] for name in near if name in by_id],
            proposals=rows,
            languages=language_choices(
                typed.language, (state.outcomes.call.language, *self.context.pages.catalogues.languages), ui
            ),
            sentence=sentence,
            wrong=wrong,
            mine=mine,
            most_text=MAX_TEXT,
            most_name=MAX_NAME,
        )
        if status in (429, 503):
            response.headers[hdrs.RETRY_AFTER] = "60"
        return private(response) if typed.text else response

    def _html(self, template: str, ui: Catalogue, path: str, *, status: int = 200, **values: object) -> web.Response:
        text = self.context.pages.render(
            template,
            ui=ui,
            query=ui.query,
            times=self.rows.zone().name,
            in_language=lambda tag: f"{path}?ui={tag}",
            **values,
        )
        return own_html(text, ui, status=status) if template.endswith("call.html") else html(text, ui, status=status)


def _over(state: State, now: int) -> bool:
    until = state.outcomes.call.until
    return state.status is Status.CLOSED or (until is not None and until <= now)


def _body(register: Register, name: RecipientId | None) -> str:
    known = None if name is None else register.recipients.get(name)
    return "" if known is None else known.name
