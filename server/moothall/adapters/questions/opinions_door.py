"""`/s/{session}/opinions`: votes on the comments of a meeting, and their result. It needs no script.

A browser is recognised by the same cookie as at *Ask or comment*.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.limits import network
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest, own_html, refusal_for
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext, require_counted
from moothall.adapters.pages.visitor_request import kept_query, number_at, read_form, title_language, title_of
from moothall.adapters.questions.opinion_rows import CHOICES, as_csv, as_file, result, to_vote_on
from moothall.core.events.question_parts import Opinion
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.languages import direction
from moothall.core.questions.disclosure import FEWEST
from moothall.core.questions.interventions import Questions
from moothall.core.sessions.state import Status
from moothall.services.questions.ports import OpinionVoting, QuestionsOf
from moothall.wire.token_bucket import Allowance

MAX_BODY_BYTES = 1 << 8
MAX_DIGITS = 6
ALLOWANCE = Allowance(per_second=20, burst=6_000)
"""Votes of one address: a hall of 300 people may share one address, and each vote on twenty comments."""
_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


@dataclass(eq=False, repr=False)
class OpinionsDoor:
    """Handlers of the page, of votes, and of the sums as files."""

    context: VisitorContext
    opinions: OpinionVoting
    questions_of: QuestionsOf

    def __post_init__(self) -> None:
        self._senders = self.context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/opinions", self.show),
            web.get("/s/{session}/opinions/sums.{form}", self.file),
            web.post("/s/{session}/opinions/{number}", self.vote),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The comments to vote on, and the result."""
        ui = self.context.language(request)
        try:
            wanted, questions = await self._asked(request)
        except HttpProblem as none:
            return self.context.refusal(none, ui)
        except StorageUnavailable:
            return self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        token = self.context.token(request, wanted.session)
        mine = self.opinions.voted(wanted.session, token)
        closed = wanted.snapshot.session.status is Status.CLOSED
        cancelled = wanted.snapshot.session.cancelled is not None
        base, query = f"/s/{quote(wanted.session)}", kept_query(request, ui)
        comments = to_vote_on(questions, mine, token)
        text = self.context.pages.render(
            "questions/opinions.html",
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            back=f"{base}{query}",
            ask=f"{base}/ask{query}",
            going=questions.voting.on and not closed and not cancelled,
            cancelled=cancelled,
            closed=closed,
            fewest=FEWEST,
            comments=[
                {
                    "number": each.number,
                    "text": each.text,
                    "language": each.language,
                    "direction": direction(each.language),
                    "action": f"{base}/opinions/{each.number}{query}",
                    "mine": ui.text(CHOICES[mine[each.id]]) if each.id in mine else "",
                    "choices": [
                        (choice.value, ui.text(key)) for choice, key in CHOICES.items() if mine.get(each.id) != choice
                    ],
                }
                for each in comments
            ],
            left=sum(each.id not in mine for each in comments),
            files=[(form, f"{base}/opinions/sums.{form}") for form in _TYPES],
            in_language=lambda tag: f"{base}/opinions?{urlencode({'ui': tag})}",
            result=result(questions, ui),
        )
        response = own_html(text, ui)
        self.context.know(request, response, wanted.session)
        return response

    async def file(self, request: web.Request) -> web.Response:
        """The sums as JSON or CSV."""
        ui, form = self.context.language(request), request.match_info["form"]
        try:
            if form not in _TYPES:
                raise HttpProblem(404, ErrorText.NOTHING)
            wanted, questions = await self._asked(request)
        except HttpProblem as none:
            return refusal_for(request, none, self.context.pages, ui)
        except StorageUnavailable:
            return refusal_for(request, HttpProblem(503, ErrorText.UNAVAILABLE), self.context.pages, ui)
        made = as_file(wanted.session, questions)
        body = msgspec.json.encode(made) if form == "json" else as_csv(made)
        headers = {
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.CONTENT_TYPE: _TYPES[form],
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{wanted.session}-opinions.{form}"',
        }
        return web.Response(body=body, headers=headers)

    async def vote(self, request: web.Request) -> web.Response:
        """Count a vote, and redirect to the page, where the next comment stands first."""

        async def take(wanted: SessionRequest, address: str) -> tuple[str, str]:
            number = number_at(request, "number", MAX_DIGITS)
            form = await read_form(request, MAX_BODY_BYTES, long=ErrorText.REQUEST)
            if form.get("vote") not in [each.value for each in Opinion]:
                raise HttpProblem(400, ErrorText.REQUEST)
            token = self.context.token(request, wanted.session)
            # A browser without a token gets one with the page that follows, and votes once more.
            if token:
                hasty = self.context.visitors.hasty(token)
                vote = self.opinions.vote(
                    wanted.session, number, Opinion(form["vote"]), token, network(address), hasty=hasty
                )
                require_counted(await vote)
            return f"/s/{quote(wanted.session)}/opinions", "Votes"

        return await self.context.answer_form(request, self._senders, take)

    async def _asked(self, request: web.Request) -> tuple[SessionRequest, Questions]:
        wanted = await self.context.asked(request)
        questions = await self.questions_of(wanted.session)
        if questions is None:
            raise HttpProblem(404, ErrorText.NO_SESSION)
        return wanted, questions
