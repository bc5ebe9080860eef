"""`/admin/policy`: the secretariat's pages of open calls, of the register of policy questions, and of what each meeting
is to answer.

A form's own token is the id of its act: the same form sent twice is one act.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from moothall.adapters.admin.plan_form import form_time, time_of
from moothall.adapters.admin.request import (
    AdminProblem,
    AdminRequest,
    StaffPages,
    runs_the_house,
    staff_page,
    wrong,
)
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.pages.visitor_request import clean, see_other
from moothall.adapters.policy.policy_rows import PolicyRows
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, PaperId, PolicyQuestionId, RecipientId, SessionId, is_name
from moothall.core.kernel.languages import is_language
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.register import AskedQuestion, Preparation, Register
from moothall.core.outcomes.register_rules import ALREADY, MAX_CALL, MAX_QUESTION, MOST_OBJECTIVES
from moothall.core.questions.submissions import Submission, SubmissionFate, submissions
from moothall.core.sessions.state import Status
from moothall.services.outcomes.calls import CallFields, OpenCalls, SelectedSubmission
from moothall.services.outcomes.policy import PolicyQuestions
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.live_session import LiveSession

MAX_DIGITS = 6
LONGEST_TITLE = 200
LONGEST_OBJECTIVES = 6_000
Option = dict[str, object]
PATH = "/admin/policy"


@dataclass(eq=False, repr=False, kw_only=True)
class PolicyDeskDoor:
    """Handlers of the pages, for the secretariat only. `meetings`: all sessions, public or not."""

    pages: StaffPages
    policy: PolicyQuestions
    calls: OpenCalls
    rows: PolicyRows
    meetings: Callable[[], Awaitable[Sequence[Entry]]]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/policy", self.overview),
            web.post("/admin/policy", self.make),
            web.get("/admin/policy/calls/{call}", self.call),
            web.post("/admin/policy/calls/{call}", self.change_call),
            web.get("/admin/policy/calls/{call}/proposals/{number}", self.proposal),
            web.post("/admin/policy/calls/{call}/proposals/{number}", self.select),
            web.get("/admin/policy/questions/{question}", self.question),
            web.post("/admin/policy/questions/{question}", self.change_question),
            web.get("/admin/policy/sessions/{session}", self.session),
            web.post("/admin/policy/sessions/{session}", self.prepare),
        ]

    @staff_page(runs_the_house)
    async def overview(self, _: web.Request, asked: AdminRequest) -> web.Response:
        """All calls, policy questions and meetings, with the forms for new ones."""
        register, ui = await self.policy.register(), asked.ui
        return self.pages.show(
            "outcomes/admin_policy.html",
            asked,
            calls=[
                {
                    "row": self.rows.call(each.state, ui, ""),
                    "to": asked.to(f"{PATH}/calls/{quote(each.id)}"),
                    "proposals": len(submissions(each.state.questions, each.state.outcomes.call)),
                }
                for each in await self.calls.all()
            ],
            questions=[
                {
                    "row": self.rows.question(each, register, ui, ""),
                    "to": asked.to(f"{PATH}/questions/{quote(each.id)}"),
                }
                for each in register.questions.values()
            ],
            sessions=[
                {**self._option(entry, ui), "to": asked.to(f"{PATH}/sessions/{quote(entry.session)}"), "many": many}
                for entry in await self.meetings()
                for many in [len(register.prepared.get(entry.session, Preparation(questions=())).questions)]
            ],
            languages=self._languages(ui.language, ui),
            zone=self.rows.zone().name,
            most_call=MAX_CALL,
            most=MAX_QUESTION,
            most_title=LONGEST_TITLE,
        )

    @staff_page(runs_the_house)
    async def make(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make a call, or state a policy question."""
        given = await self.pages.form(request, asked)
        act, language = _act(given), self._tag(given, asked.ui)
        if given.get("act") == "question":
            name = PolicyQuestionId(f"p-{act[:12]}")
            stated = do.StateQuestion(question=name, text=given.get("text", ""), language=language)
            _check(await self.policy.send(_by(asked), CommandId(f"state:{act}"), stated))
            return see_other(asked.to(f"{PATH}/questions/{name}"))
        fields = CallFields(
            title=" ".join(clean(given.get("title", "")).split())[:LONGEST_TITLE],
            text=clean(given.get("text", "")).strip(),
            language=language,
            until=self._until(given, None),
            young_people="young_people" in given,
        )
        call = await self.calls.make(act, _by(asked), fields)
        if isinstance(call, Refusal):
            raise _problem(call)
        return see_other(asked.to(f"{PATH}/calls/{quote(call)}"))

    @staff_page(runs_the_house)
    async def call(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """One call with its proposals."""
        live = await self._call(request)
        state, register, ui = live.state, await self.policy.register(), asked.ui
        found = submissions(state.questions, state.outcomes.call)
        rows = self.rows.submissions(state, found, register, ui, "")
        return self.pages.show(
            "outcomes/admin_call.html",
            asked,
            call=self.rows.call(state, ui, ""),
            path=f"{PATH}/calls/{quote(live.id)}",
            desk=asked.to(f"/moderate/{quote(live.id)}"),
            text=state.outcomes.call.text,
            until=form_time(state.outcomes.call.until, self.rows.zone()),
            zone=self.rows.zone().name,
            proposals=[
                {**row, "to": asked.to(f"{PATH}/calls/{quote(live.id)}/proposals/{row['number']}")}
                for row, each in zip(rows, found, strict=True)
                if each.intervention.published
            ],
            held=sum(not each.published for _, each in state.questions.interventions.items()),
            languages=self._languages(state.outcomes.call.language, ui),
            most_call=MAX_CALL,
        )

    @staff_page(runs_the_house)
    async def change_call(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """State a call anew, or end it."""
        given = await self.pages.form(request, asked)
        live = await self._call(request)
        if given.get("act") == "end":
            _check(await self.calls.close(live.id, _by(asked)))
        else:
            stated = do.StateCall(
                text=clean(given.get("text", "")).strip(),
                language=self._tag(given, asked.ui),
                until=self._until(given, live.state.outcomes.call.until),
            )
            _check(await self.calls.restate(live.id, CommandId(f"restate:{_act(given)}"), _by(asked), stated))
        return see_other(asked.to(f"{PATH}/calls/{quote(live.id)}"))

    @staff_page(runs_the_house)
    async def proposal(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """The form that makes a proposal a policy question."""
        live = await self._call(request)
        each = _proposal(request, live)
        register, ui = await self.policy.register(), asked.ui
        known = None if each.selected is None else register.questions.get(each.selected.question)
        chosen = () if known is None else register.sessions_of(known.id)
        row = self.rows.submissions(live.state, [each], register, ui, "")[0]
        return self.pages.show(
            "outcomes/admin_proposal.html",
            asked,
            call=self.rows.call(live.state, ui, ""),
            back=asked.to(f"{PATH}/calls/{quote(live.id)}"),
            action=asked.to(f"{PATH}/calls/{quote(live.id)}/proposals/{each.intervention.number}"),
            proposal=row,
            selected=each.fate is SubmissionFate.SELECTED,
            text=" ".join(each.text.split())[:MAX_QUESTION] if known is None else known.text,
            languages=self._languages(each.intervention.language if known is None else known.language, ui),
            sessions=[self._option(entry, ui, chosen) for entry in await self._open_meetings()],
            bodies=_bodies(register, () if known is None else known.recipients),
            most=MAX_QUESTION,
        )

    @staff_page(runs_the_house)
    async def select(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make a proposal a policy question, or take that back."""
        sent = await self.pages.sent(request)
        given = self.pages.checked(sent, asked)
        live = await self._call(request)
        each = _proposal(request, live)
        if given.get("act") == "back":
            reason = clean(given.get("reason", "")).strip()
            _check(await self.calls.take_back(live.id, _act(given), _by(asked), each.intervention.id, reason))
        else:
            chosen = SelectedSubmission(
                intervention=each.intervention.id,
                text=clean(given.get("text", "")),
                language=self._tag(given, asked.ui),
                sessions=await self._known(sent.get("sessions", ())),
                recipients=tuple(RecipientId(name) for name in sent.get("bodies", ())),
            )
            _check(await self.calls.select(live.id, _act(given), _by(asked), chosen))
        return see_other(asked.to(f"{PATH}/calls/{quote(live.id)}"))

    @staff_page(runs_the_house)
    async def question(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """One policy question, with its wordings and papers."""
        register, each = await self._question(request)
        return self.pages.show(
            "outcomes/admin_policy_question.html",
            asked,
            path=f"{PATH}/questions/{quote(each.id)}",
            question=self.rows.question(each, register, asked.ui, ""),
            earlier=each.wordings[:-1],
            papers=[paper for paper in register.papers.values() if paper.question == each.id],
            languages=self._languages(each.language, asked.ui),
            bodies=_bodies(register, each.recipients),
            most=MAX_QUESTION,
        )

    @staff_page(runs_the_house)
    async def change_question(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Reword a policy question, end it or ask it again, or put a paper beside it."""
        sent = await self.pages.sent(request)
        given = self.pages.checked(sent, asked)
        _, each = await self._question(request)
        act = _act(given)
        match given.get("act"):
            case "close":
                reason = clean(given.get("reason", "")).strip()
                command: do.RegisterCommand = do.CloseQuestion(question=each.id, reason=reason)
            case "again":
                command = do.CloseQuestion(question=each.id, reason=None)
            case "paper":
                body = given.get("body", "")
                command = do.FilePaper(
                    paper=PaperId(f"paper-{act[:12]}"),
                    question=each.id,
                    title=clean(given.get("title", "")).strip(),
                    address=given.get("address", "").strip(),
                    recipient=RecipientId(body) if body else None,
                )
            case "unfile":
                command = do.FilePaper(paper=PaperId(given.get("paper", "")), question=each.id, title="")
            case _:
                command = do.StateQuestion(
                    question=each.id,
                    text=clean(given.get("text", "")),
                    language=self._tag(given, asked.ui),
                    recipients=tuple(RecipientId(name) for name in sent.get("bodies", ())),
                    call=each.call,
                    intervention=each.intervention,
                )
        _check(await self.policy.send(_by(asked), CommandId(f"question:{act}"), command))
        return see_other(asked.to(f"{PATH}/questions/{quote(each.id)}"))

    @staff_page(runs_the_house)
    async def session(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """What a meeting is to answer."""
        entry, register, ui = await self._meeting(request), await self.policy.register(), asked.ui
        prepared = register.prepared.get(entry.session, Preparation(questions=()))
        order = {name: n for n, name in enumerate(prepared.questions)}
        asked_now = [
            each for each in register.questions.values() if each.closed is None or each.id in prepared.questions
        ]
        return self.pages.show(
            "outcomes/admin_prepare.html",
            asked,
            meeting=self._option(entry, ui),
            action=asked.to(f"{PATH}/sessions/{quote(entry.session)}"),
            questions=[
                {"id": each.id, "text": each.text, "language": each.language, "chosen": each.id in order}
                for each in sorted(asked_now, key=lambda each: order.get(each.id, len(order)))
            ],
            objectives="\n".join(prepared.objectives),
            mains=[
                self._option(other, ui, () if prepared.feeds is None else (prepared.feeds,))
                for other in await self.meetings()
                if other.session != entry.session
            ],
            over=entry.status is Status.CLOSED,
            most=MOST_OBJECTIVES,
        )

    @staff_page(runs_the_house)
    async def prepare(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Set what a meeting is to answer."""
        sent = await self.pages.sent(request)
        given = self.pages.checked(sent, asked)
        entry = await self._meeting(request)
        feeds = await self._known([given.get("feeds", "")])
        lines = clean(given.get("objectives", ""))[:LONGEST_OBJECTIVES].splitlines()
        command = do.PrepareSession(
            session=entry.session,
            questions=tuple(dict.fromkeys(PolicyQuestionId(name) for name in sent.get("questions", ()) if name)),
            objectives=tuple(text for line in lines if (text := " ".join(line.split()))),
            feeds=feeds[0] if feeds else None,
        )
        _check(await self.policy.send(_by(asked), CommandId(f"prepare:{_act(given)}"), command))
        await self.policy.hand_on(entry.session)
        return see_other(asked.to(PATH))

    async def _call(self, request: web.Request) -> LiveSession:
        name = request.match_info["call"]
        live = await self.calls.find(SessionId(name)) if is_name(name) else None
        if live is None:
            raise AdminProblem(404, AdminText.GONE)
        return live

    async def _question(self, request: web.Request) -> tuple[Register, AskedQuestion]:
        register = await self.policy.register()
        each = register.questions.get(PolicyQuestionId(request.match_info["question"]))
        if each is None:
            raise AdminProblem(404, AdminText.GONE)
        return register, each

    async def _meeting(self, request: web.Request) -> Entry:
        name = request.match_info["session"]
        found = next((entry for entry in await self.meetings() if entry.session == name), None)
        if found is None:
            raise AdminProblem(404, AdminText.GONE)
        return found

    async def _open_meetings(self) -> list[Entry]:
        return [entry for entry in await self.meetings() if entry.status is not Status.CLOSED]

    async def _known(self, names: Sequence[str]) -> tuple[SessionId, ...]:
        there = {entry.session for entry in await self.meetings()}
        return tuple(dict.fromkeys(SessionId(name) for name in names if name in there))

    def _option(self, entry: Entry, ui: Catalogue, chosen: Sequence[SessionId] = ()) -> Option:
        return {
            "value": entry.session,
            "name": entry.title.strip() or ui.text("Meeting without a title"),
            "chosen": entry.session in chosen,
        }

    def _languages(self, chosen: str, ui: Catalogue) -> list[Option]:
        tags = dict.fromkeys((chosen, *self.pages.pages.catalogues.languages))
        return [{"value": tag, "name": own_name(tag) or ui.language_name(tag), "chosen": tag == chosen} for tag in tags]

    def _tag(self, given: Mapping[str, str], ui: Catalogue) -> str:
        tag = given.get("language", "")
        return tag if is_language(tag) else ui.language

    def _until(self, given: Mapping[str, str], before: int | None) -> int | None:
        until = time_of(given, "until", before, self.rows.zone())
        if isinstance(until, str):
            raise AdminProblem(400, AdminText.EXPIRES)
        return until


def _by(asked: AdminRequest) -> Actor:
    return Actor(Role.SECRETARIAT, asked.staff[0].link)


def _act(given: Mapping[str, str]) -> str:
    return hashlib.sha256(given.get(FIELD, "").encode()).hexdigest()[:24]


def _check(refused: Refusal | None) -> None:
    """Raise AdminProblem for a refusal, but not where all is so already."""
    if refused is not None and refused != ALREADY:
        raise _problem(refused)


def _problem(refused: Refusal) -> AdminProblem:
    status = 400 if refused.code is RefusalCode.INVALID else wrong(refused).status
    return AdminProblem(status, wrong(refused).key, refused.message)


def _proposal(request: web.Request, live: LiveSession) -> Submission:
    number = number_in(request.match_info["number"], MAX_DIGITS)
    found = submissions(live.state.questions, live.state.outcomes.call)
    each = next((each for each in found if each.intervention.number == number and each.intervention.published), None)
    if each is None:
        raise AdminProblem(404, AdminText.GONE)
    return each


def _bodies(register: Register, chosen: Sequence[RecipientId]) -> list[Option]:
    return [{"value": each.id, "name": each.name, "chosen": each.id in chosen} for each in register.recipients.values()]
